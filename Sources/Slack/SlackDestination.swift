package import DriftCore
internal import Foundation
internal import Messages

/// Where messages go; it holds a secret, so neither its description nor its mirror shows what is in it.
package enum SlackDestination: Hashable, Sendable {
    /// An incoming webhook; the URL is the secret.
    case webhook(url: String)
    /// A bot that posts with `chat.postMessage`.
    case bot(token: String, channel: String, api: String = defaultAPI)

    package static let defaultAPI = "https://slack.com/api"

    /// Recognises a changed destination without telling what it is.
    package func fingerprint(key: [UInt8]) -> SHA256Digest {
        let parts =
            switch self {
            case .webhook(let url): ["webhook", url]
            case .bot(let token, let channel, let api): ["bot", token, channel, api]
            }
        return SHA256Digest(authenticating: Array(parts.joined(separator: "\0").utf8), key: key)
    }

    /// Takes the secret, whole and in parts, out of a text that the other side wrote.
    func redact(_ text: String) -> String {
        var result = text
        for secret in secrets { result = result.replacing(secret, with: "[redacted]") }
        return result
    }

    /// The longest first, so that no part of a secret is left over.
    private var secrets: [String] {
        switch self {
        case .bot(let token, _, _):
            return token.isEmpty ? [] : [token]
        case .webhook(let url):
            let tail = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst(2)
            let parts = tail.map(String.init).filter { $0.utf8.count >= 6 }
            return ([url, "/" + tail.joined(separator: "/")] + parts)
                .filter { $0.utf8.count >= 6 }.sorted { $0.utf8.count > $1.utf8.count }
        }
    }
}

extension SlackDestination: CustomStringConvertible, CustomReflectable {
    package var description: String {
        switch self {
        case .webhook: "Slack webhook"
        case .bot(_, let channel, _): "Slack channel \(printable(channel))"
        }
    }

    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
