import DriftCore
import Foundation
import HTTP
import Mail
import Messages
import Presentation
import Slack
import Webhook

/// Where messages go, with its secrets; neither its description nor its mirror shows them.
enum OpenDestination: Sendable {
    enum Kind: String, CaseIterable, Sendable { case slack, webhook, email, console }

    case slack(SlackDestination)
    case webhook(WebhookDestination)
    case email(MailDestination)
    case console

    var kind: Kind {
        switch self {
        case .slack: .slack
        case .webhook: .webhook
        case .email: .email
        case .console: .console
        }
    }

    /// For people, without the secret.
    var name: String {
        switch self {
        case .slack(let destination): destination.description
        case .webhook(let destination): destination.description
        case .email(let destination): destination.description
        case .console: "the console"
        }
    }

    /// Tells one secret from another; nil if there is none.
    func fingerprint(key: UUID) -> String? {
        let key = Array(key.uuidString.utf8)
        return switch self {
        case .slack(let destination): destination.fingerprint(key: key).description
        case .webhook(let destination): destination.fingerprint(key: key).description
        case .email(let destination): destination.fingerprint(key: key).description
        case .console: nil
        }
    }

    /// Scheme, host and port of where messages are posted, without a secret; nil if they are not.
    var origin: String? {
        switch self {
        case .slack(.webhook(let url)): Self.origin(of: url)
        case .slack(.bot(_, _, let api)): Self.origin(of: api)
        case .webhook(let destination): Self.origin(of: destination.url)
        case .email, .console: nil
        }
    }

    private static func origin(of url: String) -> String? {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme, let host = parts.host else {
            return nil
        }
        return "\(scheme)://\(host)\(parts.port.map { ":\($0)" } ?? "")/"
    }

    func sender(_ console: Console, baseURL: URL?) -> any NotificationSender {
        switch self {
        case .slack(let destination):
            SlackSender(destination: destination, client: Self.client(), baseURL: baseURL)
        case .webhook(let destination):
            WebhookSender(destination: destination, client: Self.client(), baseURL: baseURL)
        case .email(let destination): MailSender(destination: destination, client: SMTPClient(), baseURL: baseURL)
        case .console:
            ConsoleSender(baseURL: baseURL) { try console.deliver(visibleLines($0).joined(separator: "\n") + "\n") }
        }
    }

    /// Each sender has its own, as one request waits for the other.
    private static func client() -> HTTPClient {
        HTTPClient(settings: .init(userAgent: "driftwatch/\(driftwatchVersion)"))
    }
}
