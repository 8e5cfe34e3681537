internal import Redaction

extension WantedValue {
    /// The fields of a stored setting that it is stored in.
    static let fields: Set<String> = ["expected", "one_of", "min", "max", "matches"]

    init?(_ fields: inout StoredFields) {
        let (expected, choices) = (fields.text("expected"), fields.texts("one_of"))
        let (min, max, matches) = (fields.text("min"), fields.text("max"), fields.text("matches"))
        guard let value = try? WantedValue(expected: expected, oneOf: choices, min: min, max: max, matches: matches)
        else {
            return nil
        }
        self = value
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        // Whether one value is expected or one of one means the same.
        if choices.count == 1, minimum == nil, maximum == nil, pattern == nil {
            fields[text: "expected"] = choices[0]
        } else {
            fields[texts: "one_of"] = choices.isEmpty ? nil : choices
        }
        fields[text: "min"] = minimum?.text
        fields[text: "max"] = maximum?.text
        fields[text: "matches"] = pattern?.text
        return fields
    }

    /// Whether no value meets both, for certain.
    func excludes(_ other: WantedValue) -> Bool {
        if !choices.isEmpty { return choices.allSatisfy { other.judgement(of: $0) == .unmet } }
        if !other.choices.isEmpty { return other.excludes(self) }
        return [(minimum, other.maximum), (other.minimum, maximum)].contains { low, high in
            guard let low, let high else { return false }
            return high.isLess(than: low) ?? false
        }
    }

    /// What people are shown; masked where the key promises a secret.
    func shown(ofKey key: String) -> EvidenceValue {
        if stored["expected"] != nil { return .setting(choices[0], ofKey: key) }
        if Masking.isSecret("secret", ofKey: key) { return .signs([.masked]) }
        var words: [String] = []
        if !choices.isEmpty { words.append("one of " + choices.map { Masking.safeValue($0) }.joined(separator: ", ")) }
        if let minimum { words.append("≥ \(minimum.text)") }
        if let maximum { words.append("≤ \(maximum.text)") }
        if let pattern { words.append("matches " + Masking.safeValue(pattern.text)) }
        return .word(words.joined(separator: ", "))
    }
}
