internal import Redaction

/// A file's mode as packs write it: four octal digits.
package enum FileMode {
    /// Nil for any other text.
    package static func number(_ text: String) -> UInt16? {
        guard text.utf8.count == 4, text.utf8.allSatisfy(\.isDigit) else { return nil }
        return UInt16(text, radix: 8)
    }

    package static func text(_ mode: UInt16) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
