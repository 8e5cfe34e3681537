/// Makes text from outside harmless to terminals, web pages, logs and the database, without hiding what it held.
enum SafeText {
    static let valueLimit = 1024

    /// One line, cut after `limit` Unicode scalars with a note of how many were left out.
    ///
    /// Control characters become their pictures (`␛`, `␊`), other invisible ones (bidirectional marks, zero-width
    /// spaces, line separators) their number (`‹U+202E›`).
    static func line(_ text: String, limit: Int = valueLimit) -> String {
        escaped(text, keepingTabs: false, limit: limit)
    }

    /// The same for a line of a file, whose tabs stay.
    static func contentLine(_ text: String, limit: Int = valueLimit) -> String {
        escaped(text, keepingTabs: true, limit: limit)
    }

    private static func escaped(_ text: String, keepingTabs: Bool, limit: Int) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) || ($0 == 0x09 && keepingTabs) }
        if isPlain && text.utf8.count <= limit { return text }
        var result = String.UnicodeScalarView()
        var taken = 0
        for scalar in text.unicodeScalars {
            // The count is of the original's scalars, so that an escape never makes a text seem cut.
            if taken == limit { break }
            taken += 1
            append(scalar, to: &result, keepingTabs: keepingTabs)
        }
        let left = text.unicodeScalars.count - taken
        return String(result) + (left > 0 ? "… (\(left) more characters)" : "")
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String.UnicodeScalarView, keepingTabs: Bool) {
        switch scalar.value {
        case 0x09 where keepingTabs, 0x20..<0x7F:
            result.append(scalar)
        case 0x00..<0x20:
            if let picture = Unicode.Scalar(0x2400 + scalar.value) { result.append(picture) }
        case 0x7F:
            result.append("\u{2421}")
        default:
            if scalar.isInvisible {
                result.append(contentsOf: "‹U+\(hexadecimal(scalar.value))›".unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

extension Unicode.Scalar {
    fileprivate var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: true
        default: false
        }
    }
}
