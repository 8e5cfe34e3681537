/// Names a server under watch: `[a-z0-9][a-z0-9._-]{0,62}`.
package struct ServerID: RawRepresentable, Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { rawValue }
}

/// Names a pack: its file's stem, in the same grammar as a server's id.
package struct PackName: RawRepresentable, Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { rawValue }
}

/// What makes an expectation the same one across versions of a pack: `file:/etc/motd`, `package:curl`,
/// `setting:EDITOR`, `setting:PasswordAuthentication@/etc/ssh/sshd_config`, `service:ssh.service`.
///
/// Keys are equal byte for byte, as the paths in them are to a server.
package struct ItemKey: RawRepresentable, Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static func == (left: Self, right: Self) -> Bool { left.rawValue.hasSameBytes(as: right.rawValue) }
    package func hash(into hasher: inout Hasher) { hasher.combine(bytesOf: rawValue) }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue.precedesBytewise(right.rawValue) }
    package var description: String { rawValue }
}

/// A path on a server, as a pack writes it: absolute, or beginning with `~/`.
///
/// Equal byte for byte: to Linux "é" in one scalar and "é" in two name different files, to `String` they are the same.
package struct ServerPath: Hashable, Sendable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }

    package static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }
    package func hash(into hasher: inout Hasher) { hasher.combine(bytesOf: text) }
    package static func < (left: Self, right: Self) -> Bool { left.text.precedesBytewise(right.text) }
    package var description: String { text }
}

extension String {
    /// Whether both are the same bytes, where `==` asks only whether they look the same.
    func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    package func precedesBytewise(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

extension Hasher {
    fileprivate mutating func combine(bytesOf text: String) {
        for byte in text.utf8 { combine(byte) }
        // No byte of UTF-8: where one text ends and the next begins is part of what is hashed.
        combine(UInt8.max)
    }
}

/// Whether `text` may name a server or a pack: `[a-z0-9][a-z0-9._-]{0,62}`, in ASCII.
package func isWellFormedName(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 63 else { return false }
    func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    return isAlphanumeric(first) && text.utf8.dropFirst().allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
}
