internal import DriftCore

/// The secret that a request to the API has to bring: `Authorization: Bearer TOKEN`.
///
/// Only its hash is kept.
package struct APIToken: Sendable {
    package static let minimumLength = 20

    private let digest: SHA256Digest

    package init(_ token: String) { digest = SHA256Digest(of: Array(token.utf8)) }

    /// Takes the same time whatever is brought, so that nobody can find the token byte by byte.
    func admits(_ authorization: String?) -> Bool {
        let parts = authorization?.split(separator: " ", maxSplits: 1) ?? []
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        let brought = SHA256Digest(of: Array(parts[1].utf8))
        let difference = zip(brought.hexadecimal.utf8, digest.hexadecimal.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) }
        return difference == 0
    }
}
