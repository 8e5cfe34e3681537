package import DriftCore
internal import Foundation
internal import Redaction

/// A receiver of signed JSON; its address and its key are secrets, so neither its description nor its mirror shows them.
package struct WebhookDestination: Hashable, Sendable {
    /// A secret.
    package let url: String
    private let key: String

    package init(url: String, key: String) {
        self.url = url
        self.key = key
    }

    /// Recognises a changed address or key without telling what they are.
    package func fingerprint(key: [UInt8]) -> SHA256Digest {
        SHA256Digest(authenticating: Array("\(url)\0\(self.key)".utf8), key: key)
    }

    /// `v1=` and the hexadecimal HMAC-SHA256 of the timestamp, a dot and the body.
    ///
    /// The receiver computes the same, so it knows who sent the body, and when.
    package func signature(of body: [UInt8], at timestamp: String) -> String {
        let signed = SHA256Digest(authenticating: Array("\(timestamp).".utf8) + body, key: Array(key.utf8))
        return "v1=\(signed.hexadecimal)"
    }

    /// One line of what the other side wrote, without the secrets.
    func line(_ text: String) -> String {
        var result = VisibleText.message(text)
        for secret in secrets { result = result.replacing(secret, with: "[redacted]") }
        return result.count > 300 ? result.prefix(299) + "…" : result
    }

    /// Whole and in parts, the longest first, so that no part of a secret is left over.
    private var secrets: [String] {
        let tail = url.split(separator: "/").dropFirst(2).joined(separator: "/")
        let parts = tail.split { "/?&=#".contains($0) }.map(String.init)
        return ([url, key, tail] + parts).filter { $0.utf8.count >= 6 }.sorted { $0.utf8.count > $1.utf8.count }
    }
}

extension WebhookDestination: CustomStringConvertible, CustomReflectable {
    package var description: String { "webhook" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
