import DriftCore
import Foundation
import HTTP
import Mail
import Messages
import Slack
import Synchronization
import TestSupport
import Testing
import Webhook

/// What is on the other side of a sender.
enum Behaviour: String, Sendable, CaseIterable {
    case accepts, refusesTheMessage, refusesEverything, asksToWait, isInTrouble, saysNothing, isNotThere
}

/// A secret that each sender has, and that nobody is to see.
let secret = "canary-7f3a91c2"

/// Something that sends, and what is on the other side of it.
struct Kind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What the other side can do.
    let behaviours: [Behaviour]
    /// Makes both; the second says what the other side got, each message as text.
    let make: @Sendable (Behaviour) throws -> (sender: any NotificationSender, received: @Sendable () -> [String])

    static let all = [slackWebhook, slackBot, webhook, mail, console]

    private static let baseURL = URL(string: "https://drift.example.net")
    /// Only silence is waited out.
    private static func deadline(_ behaviour: Behaviour) -> Duration {
        behaviour == .saysNothing ? .seconds(1) : .seconds(30)
    }

    static let slackWebhook = Kind(testDescription: "slack webhook", behaviours: Behaviour.allCases) { behaviour in
        let (url, received, _) = try http(
            behaviour,
            [
                .accepts: .ok, .refusesTheMessage: .reply(400, "invalid_blocks"),
                .refusesEverything: .reply(404, "no_service"),
                .asksToWait: .reply(429, "", headers: ["Retry-After": "7"]), .isInTrouble: .reply(503, ""),
                .saysNothing: .silence,
            ])
        return (
            SlackSender(
                destination: .webhook(url: "\(url)/services/T0/B0/\(secret)"), client: HTTPClient(), baseURL: baseURL,
                deadline: deadline(behaviour)), received
        )
    }

    static let slackBot = Kind(testDescription: "slack bot", behaviours: Behaviour.allCases) { behaviour in
        let (url, received, _) = try http(
            behaviour,
            [
                .accepts: .reply(200, #"{"ok": true, "channel": "C0123456", "ts": "1700000000.000100"}"#),
                .refusesTheMessage: .reply(200, #"{"ok": false, "error": "invalid_blocks"}"#),
                .refusesEverything: .reply(200, #"{"ok": false, "error": "channel_not_found"}"#),
                .asksToWait: .reply(429, #"{"ok": false, "error": "ratelimited"}"#, headers: ["Retry-After": "7"]),
                .isInTrouble: .reply(200, #"{"ok": false, "error": "internal_error"}"#), .saysNothing: .silence,
            ])
        return (
            SlackSender(
                destination: .bot(token: secret, channel: "#ops", api: url), client: HTTPClient(), baseURL: baseURL,
                deadline: deadline(behaviour)), received
        )
    }

    static let webhook = Kind(testDescription: "webhook", behaviours: Behaviour.allCases) { behaviour in
        let (url, received, _) = try http(
            behaviour,
            [
                .accepts: .reply(204, ""), .refusesTheMessage: .reply(422, secret),
                .refusesEverything: .reply(410, secret),
                .asksToWait: .reply(429, "", headers: ["Retry-After": "7"]), .isInTrouble: .reply(500, secret),
                .saysNothing: .silence,
            ])
        return (
            WebhookSender(
                destination: WebhookDestination(url: "\(url)/hook/\(secret)", key: secret), client: HTTPClient(),
                baseURL: baseURL, deadline: deadline(behaviour)), received
        )
    }

    static let mail = Kind(testDescription: "mail", behaviours: Behaviour.allCases) { behaviour in
        let scripts: [Behaviour: [SMTPStandIn.Command: SMTPStandIn.Answer]] = [
            .accepts: [:], .refusesTheMessage: [.message: .echo(554)], .refusesEverything: [.auth: .echo(535)],
            .asksToWait: [.greeting: .reply("421 4.7.0 later")], .isInTrouble: [.rcpt: .reply("451 4.3.0 \(secret)")],
            .saysNothing: [.message: .silence],
        ]
        let server = try scripts[behaviour].map { try SMTPStandIn($0) }
        let destination = MailDestination(
            host: "127.0.0.1", port: server?.port ?? unusedPort(), security: .none, login: ("drift", secret),
            from: "driftwatch@example.net", to: ["ops@example.net"])
        return (
            MailSender(destination: destination, client: SMTPClient(), baseURL: baseURL, deadline: deadline(behaviour)),
            { server?.mails.map(\.text) ?? [] }
        )
    }

    static let console = Kind(testDescription: "console", behaviours: [.accepts, .isNotThere]) { behaviour in
        let written = Mutexed()
        return (
            ConsoleSender(baseURL: baseURL) { text in
                if behaviour == .isNotThere { throw CancellationError() }
                written.lines.withLock { $0.append(text) }
            }, { written.lines.withLock { $0 } }
        )
    }

    private final class Mutexed: Sendable {
        let lines = Mutex<[String]>([])
    }

    private static func http(
        _ behaviour: Behaviour, _ answers: [Behaviour: SlackStandIn.Answer]
    ) throws -> (url: String, received: @Sendable () -> [String], server: SlackStandIn?) {
        guard let answer = answers[behaviour] else { return ("http://127.0.0.1:\(unusedPort())", { [] }, nil) }
        let server = try SlackStandIn(otherwise: answer)
        return (server.url, { server.received.map { String(decoding: $0.body, as: UTF8.self) } }, server)
    }
}
