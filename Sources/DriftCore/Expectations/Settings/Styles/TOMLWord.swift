internal import Redaction

/// What TOML writes without quotes: numbers, dates, `true` and `false`.
enum TOMLWord {
    /// Nil if it is none of them.
    static func node(of word: String) -> ConfigurationNode? {
        switch word {
        case "true", "false", "inf", "+inf", "-inf", "nan", "+nan", "-nan": return .plain(word)
        default: break
        }
        if let number = integer(word) ?? float(word) { return .plain(number) }
        return isTime(word) ? .text(word) : nil
    }

    private static func integer(_ word: String) -> String? {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where word.hasPrefix(prefix) {
            guard let digits = withoutSeparators(word.dropFirst(2)), digits.allSatisfy({ $0.isHexDigit }) else {
                return nil
            }
            return UInt64(digits, radix: radix).flatMap { $0 <= Int64.max ? String($0) : nil }
        }
        let (sign, rest) = signed(word[...])
        guard let digits = withoutSeparators(rest), isWhole(digits[...]), let number = Int64(sign + digits) else {
            return nil
        }
        return String(number)
    }

    private static func float(_ word: String) -> String? {
        let (sign, rest) = signed(word[...])
        let exponentStart = rest.firstIndex { $0 == "e" || $0 == "E" } ?? rest.endIndex
        let (mantissa, exponent) = (rest[..<exponentStart], rest[exponentStart...].dropFirst())
        let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.count == 2 || exponentStart != rest.endIndex,
            let whole = withoutSeparators(parts[0]),
            isWhole(whole[...])
        else { return nil }
        var number = sign + whole
        if parts.count == 2 {
            guard let fraction = withoutSeparators(parts[1]), fraction.utf8.allSatisfy(\.isDigit) else { return nil }
            number += "." + fraction
        }
        guard exponentStart != rest.endIndex else { return number }
        let (exponentSign, power) = signed(exponent)
        guard let digits = withoutSeparators(power), digits.utf8.allSatisfy(\.isDigit) else { return nil }
        return number + "e" + exponentSign + digits
    }

    /// `-` or nothing, and the rest.
    private static func signed(_ text: Substring) -> (String, Substring) {
        if text.hasPrefix("-") { return ("-", text.dropFirst()) }
        return ("", text.hasPrefix("+") ? text.dropFirst() : text)
    }

    /// Without each `_`, which stands between two digits; nil for one that does not, and for an empty text.
    private static func withoutSeparators(_ text: Substring) -> String? {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        return parts.contains { $0.isEmpty } ? nil : parts.joined()
    }

    private static func isWhole(_ digits: Substring) -> Bool {
        digits.utf8.allSatisfy(\.isDigit) && (digits.count == 1 || digits.first != "0")
    }

    /// A date, a time, or both, with an offset or not.
    private static func isTime(_ word: String) -> Bool {
        func fits(_ text: Substring, _ shape: String) -> Bool {
            text.utf8.count == shape.utf8.count
                && zip(text.utf8, shape.utf8).allSatisfy { $1 == UInt8(ascii: "0") ? $0.isDigit : $0 == $1 }
        }
        var rest = word[...]
        let isDate = fits(rest.prefix(10), "0000-00-00")
        if isDate {
            rest = rest.dropFirst(10)
            if rest.isEmpty { return true }
            guard let separator = rest.first, "Tt ".contains(separator) else { return false }
            rest = rest.dropFirst()
        }
        guard fits(rest.prefix(8), "00:00:00") else { return false }
        rest = rest.dropFirst(8)
        if rest.first == "." {
            let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            if digits.isEmpty { return false }
            rest = rest.dropFirst(digits.count + 1)
        }
        if rest.isEmpty { return true }
        guard isDate else { return false }
        return rest == "Z" || rest == "z" || fits(rest, "+00:00") || fits(rest, "-00:00")
    }
}
