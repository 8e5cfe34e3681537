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
        let lines = MaskedText(TextLines(Array(text.utf8))).lines
        return lines.joined(separator: "\n") + (text.utf8.last == UInt8(ascii: "\n") ? "\n" : "")
    }

    /// A short text from a server, masked where it looks like a secret, on one line, capped.
    package static func safeValue(_ value: String) -> String {
        SafeText.line(masked(value))
    }
}
