internal import DriftCore
internal import Redaction
import Yams

/// What one YAML scalar is taken for.
///
/// Quoted texts are texts. An unquoted value that YAML 1.1 or YAML 1.2 reads as something other than text is not a text here
/// either, because editors and programs follow one or the other. So `no`, `0644` and `1.10` must be quoted to be text; they
/// are never guessed.
enum ScalarValue: Hashable {
    case text(String)
    /// Nothing written at all.
    case blank
    /// The word `null`, or `~`.
    case null
    /// `true` and `false`; nil for YAML 1.1's other words, such as `yes` and `off`.
    case boolean(Bool?, written: String)
    /// Decimal, without leading zeros; nil for all other forms of numbers, such as `0644` and `1.10`.
    case number(Int?, written: String)

    init(_ scalar: Node.Scalar) {
        let written = scalar.string
        guard scalar.style == .plain, scalar.tag.description.isEmpty else {
            self = .text(written)
            return
        }
        switch written.lowercased() {
        case "": self = .blank
        case "null", "~": self = .null
        case "true": self = .boolean(true, written: written)
        case "false": self = .boolean(false, written: written)
        case "yes", "no", "on", "off", "y", "n": self = .boolean(nil, written: written)
        default: self = Self.isNumber(written) ? .number(Self.decimal(written), written: written) : .text(written)
        }
    }

    /// The tags that change nothing; every other is refused.
    static func hasPlainTag(_ node: Node) -> Bool {
        switch node {
        case .scalar(let scalar): ["", "tag:yaml.org,2002:str"].contains(scalar.tag.description)
        case .mapping(let mapping): ["", "tag:yaml.org,2002:map"].contains(mapping.tag.description)
        case .sequence(let sequence): ["", "tag:yaml.org,2002:seq"].contains(sequence.tag.description)
        case .alias: false
        }
    }

    /// What a person calls it.
    var noun: String {
        switch self {
        case .text: "a text"
        case .blank: "nothing"
        case .null: "null"
        case .boolean(_, let written): "\(written), a boolean"
        case .number(_, let written): "\(written), a number"
        }
    }

    private static func decimal(_ text: String) -> Int? {
        guard text == "0" || text.utf8.first != UInt8(ascii: "0"), text.utf8.allSatisfy(\.isDigit) else {
            return nil
        }
        return Int(text)
    }

    /// Whether YAML 1.1 or 1.2 reads `text` as an integer or a float, in any base, sexagesimal included.
    private static func isNumber(_ text: String) -> Bool {
        var body = text.lowercased().utf8[...]
        if let sign = body.first, "+-".utf8.contains(sign) { body = body.dropFirst() }
        if [".inf", ".nan"].contains(where: { body.elementsEqual($0.utf8) }) { return true }
        for (prefix, digits) in [("0x", "0123456789abcdef_"), ("0o", "01234567_"), ("0b", "01_")]
        where body.starts(with: prefix.utf8) {
            let rest = body.dropFirst(2)
            return !rest.isEmpty && rest.allSatisfy(digits.utf8.contains)
        }
        return isDecimalNumber(body) || isSexagesimal(body)
    }

    private static func isDecimalNumber(_ text: Substring.UTF8View) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "e"), maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            var exponent = parts[1]
            if let sign = exponent.first, "+-".utf8.contains(sign) { exponent = exponent.dropFirst() }
            guard !exponent.isEmpty, exponent.allSatisfy(\.isDigit) else { return false }
        }
        let mantissa = parts[0]
        return mantissa.contains(where: \.isDigit) && mantissa.first != UInt8(ascii: "_")
            && mantissa.count { $0 == UInt8(ascii: ".") } <= 1
            && mantissa.allSatisfy { $0.isDigit || "._".utf8.contains($0) }
    }

    private static func isSexagesimal(_ text: Substring.UTF8View) -> Bool {
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count >= 2, let first = parts.first, first.first?.isDigit == true else { return false }
        return first.allSatisfy(\.isDigit)
            && parts.dropFirst().allSatisfy { (1...2).contains($0.count) && $0.allSatisfy(\.isDigit) }
    }
}

extension Node {
    /// A number that stands without quotes, as it is written; nil for all else.
    var writtenNumber: String? {
        guard let scalar, ScalarValue.hasPlainTag(self), case .number(_, let written) = ScalarValue(scalar) else {
            return nil
        }
        return written
    }
}
