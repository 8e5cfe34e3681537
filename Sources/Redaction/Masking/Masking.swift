/// Keeps secrets out of everything that is stored, shown or sent.
///
/// Two lines of defence: files that exist to hold secrets are never read for their content
/// (``mayReadContent(of:)``), and the texts of all others are masked before anything is made of them.
package enum Masking {
    /// What stands in a secret's place.
    package static let mask = "‹masked›"

    /// The value of a setting: masked whole where the key promises a secret, else where the value looks like one.
    ///
    /// An empty value is no secret, and that it is empty is worth seeing.
    package static func value(_ value: String, ofKey key: String) -> String {
        let isSecret = SecretKeys.isSecret(key) && !value.isEmpty && !HarmlessValues.isFolder(value, ofKey: key)
        return isSecret ? mask : masked(value)
    }

    /// The text with what looks like a secret masked, line for line.
    package static func masked(_ text: String) -> String {
        let masked = MaskedText(Array(text.utf8))
        guard masked.hasSecrets else { return text }
        let lines = (0..<masked.count).map { String(decoding: masked[$0], as: UTF8.self) }
        return lines.joined(separator: "\n") + (text.utf8.last == UInt8(ascii: "\n") ? "\n" : "")
    }

    /// A short text from a server, masked where it looks like a secret, on one line, capped.
    package static func safeValue(_ value: String) -> String {
        VisibleText.line(masked(value))
    }

    /// What ssh, a server or a system call said of a failure: masked, on one line, made of visible characters, capped.
    ///
    /// Every word that comes from outside and is stored, logged or printed goes through it; `ProbeFailure` does so by
    /// itself.
    package static func detail(_ text: String, limit: Int = 300) -> String {
        let start = text.utf8.prefix(limit * 8)
        let masked = masked(String(decoding: start, as: UTF8.self))
        return VisibleText.line(VisibleText.message(masked), limit: limit)
    }
}
