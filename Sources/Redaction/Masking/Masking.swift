/// Keeps secrets out of everything that is stored, shown or sent.
///
/// This is best effort, and only the second line of defence. The first is that a text which not every account of the server
/// may read is not shown. Beyond that, the text of ``SecretPlaces`` is never shown, and all other text is masked before it is
/// used: by names that announce a secret, and by the shape of secrets. A password that is named `colour` is not masked.
package enum Masking {
    /// The text shown in place of a secret.
    package static let mask = "‹masked›"

    /// The value of a setting: masked whole if the key announces a secret, otherwise where it looks like one.
    ///
    /// An empty value is not a secret, and it helps to see that it is empty.
    package static func value(_ value: String, ofKey key: String) -> String {
        isSecret(value, ofKey: key) ? mask : masked(value)
    }

    /// Whether the whole value is masked because its key announces a secret.
    package static func isSecret(_ value: String, ofKey key: String) -> Bool {
        SecretName.strength(of: key) == .strong && !value.isEmpty && !isPath(value)
    }

    private static func isPath(_ value: String) -> Bool {
        let bytes = Array(value.utf8.prefix(4096))
        return SecretValue.isPath(0..<bytes.count, of: bytes)
    }

    /// The text with what looks like a secret masked, line for line.
    package static func masked(_ text: String) -> String {
        let masked = MaskedText(Array(text.utf8))
        guard masked.hasSecrets else { return text }
        return String(decoding: masked.joined, as: UTF8.self) + (text.utf8.last == UInt8(ascii: "\n") ? "\n" : "")
    }

    /// A short text from a server, masked where it looks like a secret, on one line, capped.
    package static func safeValue(_ value: String) -> String {
        VisibleText.line(masked(value))
    }

    /// The message of ssh, a server or a system call about a failure.
    ///
    /// Masked, on one line, visible characters only, capped.
    ///
    /// Every word that comes from outside and is stored, logged or printed goes through it; `ProbeFailure` does so by
    /// itself.
    package static func detail(_ text: String, limit: Int = 300) -> String {
        let start = text.utf8.prefix(limit * 8)
        let masked = masked(String(decoding: start, as: UTF8.self))
        return VisibleText.line(VisibleText.message(masked), limit: limit)
    }
}
