import DriftCore
import Foundation
import HTTP
import Presentation
import Slack

/// Where messages go, with its secrets; neither its description nor its mirror shows them.
enum OpenDestination: Sendable {
    enum Kind: String, CaseIterable, Sendable { case slack, console }

    case slack(SlackDestination)
    case console

    var kind: Kind {
        switch self {
        case .slack: .slack
        case .console: .console
        }
    }

    /// For people, without the secret.
    var name: String {
        switch self {
        case .slack(let destination): destination.description
        case .console: "the console"
        }
    }

    /// Tells one secret from another; nil if there is none.
    func fingerprint(key: UUID) -> String? {
        switch self {
        case .slack(let destination): destination.fingerprint(key: Array(key.uuidString.utf8)).description
        case .console: nil
        }
    }

    func sender(_ console: Console, baseURL: URL?) -> any NotificationSender {
        switch self {
        case .slack(let destination):
            SlackSender(destination: destination, client: Self.client(), baseURL: baseURL)
        case .console:
            ConsoleSender(baseURL: baseURL) { try console.deliver(visibleLines($0).joined(separator: "\n") + "\n") }
        }
    }

    /// Each sender has its own, as one request waits for the other.
    private static func client() -> HTTPClient {
        HTTPClient(settings: .init(userAgent: "driftwatch/\(driftwatchVersion)"))
    }
}
