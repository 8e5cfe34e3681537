internal import Redaction

/// Judges one setting.
enum SettingComparison {
    static func evidence(on wanted: SettingExpectation, facts: Facts) -> Evidence {
        guard wanted.kind == .environmentVariable else { return .unreadable(.unsupported) }
        switch facts.environment[wanted.key] {
        case nil: return .unreadable(.malformedAnswer)
        case .unreadable(let reason): return .unreadable(reason)
        case .unset:
            return .wrong(
                .wrongSetting, expected: ["value": Masking.value(wanted.expected, ofKey: wanted.key)],
                actual: ["state": "unset"])
        case .value(let value):
            // Compared byte by byte: canonically equivalent spellings are different values to a program.
            if value.utf8.elementsEqual(wanted.expected.utf8) { return .none }
            let expected = Masking.value(wanted.expected, ofKey: wanted.key)
            var actual = ["value": Masking.value(value, ofKey: wanted.key)]
            let shown = Masking.safeValue(actual["value"] ?? "")
            if shown.utf8.elementsEqual(Masking.safeValue(expected).utf8) {
                actual["note"] = "differs in what is not shown"
            }
            return .wrong(.wrongSetting, expected: ["value": expected], actual: actual)
        }
    }
}
