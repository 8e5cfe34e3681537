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
package struct ItemKey: RawRepresentable, Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { rawValue }
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
