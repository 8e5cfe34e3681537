/// How a server's value may stand in a field.
enum PlaceholderUse {
    /// A text that is compared as it is: any value may stand in it.
    case text
    /// A regular expression: the value stands for itself.
    case pattern
    /// A path, a name or a number.
    case name

    init(field: String) {
        self =
            if Self.texts.contains(field) { .text } else if Self.patterns.contains(field) { .pattern } else { .name }
    }

    private static let texts: Set = [
        "content", "text", "contains", "lacks", "expected", "one_of", "target", "issuer",
    ]
    private static let patterns: Set = ["regex", "matches"]

    /// The value as it is written there; nil if it may not be.
    func written(_ value: String) -> String? {
        switch self {
        case .text: value
        case .pattern:
            value.unicodeScalars.reduce(into: "") { text, scalar in
                if "\\.+*?()|[]{}^$".unicodeScalars.contains(scalar) { text += "\\" }
                text.unicodeScalars.append(scalar)
            }
        case .name: Self.isPlain(value) ? value : nil
        }
    }

    /// What the grammar of paths and names has in common, so that no value makes another thing of them.
    private static func isPlain(_ value: String) -> Bool {
        value.utf8.first.map { !"-+@:".utf8.contains($0) } ?? false
            && value.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "._-+@:/".utf8.contains(byte)
            }
    }

    /// Whether a text with values in it may be used.
    func allows(_ text: String) -> Bool {
        guard case .name = self, text.hasPrefix("/") || text.hasPrefix("~/"), text != "/" else { return true }
        return text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .allSatisfy { !["", ".", ".."].contains($0) }
    }

    /// Of a text with values in it.
    static let byteLimit = 1 << 20
}
