/// The files whose contents never leave a server: key material and stores of passwords.
///
/// Their hashes do, as drift of them matters. The script holds the same list, for a pinned probe answers to whoever
/// has the key; this one also guards against a server that sends what nobody asked for.
package enum NeverRead {
    private static let names: Set<String> = [
        "shadow", "shadow-", "gshadow", "gshadow-", ".pgpass", ".netrc", ".my.cnf", ".git-credentials", ".vault-token",
        "id_rsa", "id_dsa",
    ]
    private static let prefixes = ["id_ecdsa", "id_ed25519"]
    private static let suffixes = [".key", ".pem", ".p12", ".pfx", ".jks", ".keytab", ".kdbx"]
    private static let folders: Set<String> = [
        "private", ".gnupg", ".aws", ".azure", "gcloud", ".kube", ".docker", "secrets",
    ]

    /// Whether the content of the file at `path` is withheld.
    package static func covers(_ path: String) -> Bool {
        if path.hasPrefix("/proc/") { return true }
        var parts = path.split(separator: "/").map(String.init)
        guard let name = parts.popLast() else { return false }
        return names.contains(name) || prefixes.contains { name.hasPrefix($0) }
            || suffixes.contains { name.hasSuffix($0) }
            || (name.hasPrefix("ssh_host_") && name.hasSuffix("_key")) || !folders.isDisjoint(with: parts)
    }

    /// Whether `bytes` hold a private key, wherever they lie.
    static func covers(content bytes: [UInt8]) -> Bool {
        bytes.contains(sequence: Array("PRIVATE KEY".utf8))
    }
}

extension [UInt8] {
    /// Whether `other` occurs in one piece.
    func contains(sequence other: [UInt8]) -> Bool {
        guard let first = other.first, count >= other.count else { return false }
        return indices.dropLast(other.count - 1).contains { start in
            self[start] == first && self[start..<(start + other.count)].elementsEqual(other)
        }
    }
}
