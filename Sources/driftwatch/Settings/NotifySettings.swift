import Dashboard
import DriftCore
import Foundation
import Presentation
import Slack

/// The destination of a process's own settings: `DRIFTWATCH_NOTIFY` (`slack`, the default, or `console`), and what Slack
/// needs, a webhook, or a bot's token and a channel.
struct NotifySettings: Sendable {
    enum Kind: String, CaseIterable, Sendable { case slack, console }

    let destination: OpenDestination
    let baseURL: URL?

    /// - Throws: ``SettingError``, also where `slack` is wanted and nothing says where to.
    init(_ sources: SettingSources) throws(SettingError) {
        baseURL = try sources.value(\.baseURL)
        switch try sources.value(\.notify) {
        case .console: destination = .console
        case .slack: destination = .slack(try Self.slack(sources))
        }
    }

    /// Nil where nothing says where messages go.
    static func given(_ sources: SettingSources) throws(SettingError) -> NotifySettings? {
        let texts = [
            sources.text(\.notify), sources.text(\.slackWebhookURL), sources.text(\.slackBotToken),
            sources.text(\.slackChannel),
        ]
        return texts.contains { $0 != nil } ? try NotifySettings(sources) : nil
    }

    static let ways =
        "set DRIFTWATCH_SLACK_WEBHOOK_URL, or DRIFTWATCH_SLACK_BOT_TOKEN and DRIFTWATCH_SLACK_CHANNEL;"
        + " or DRIFTWATCH_NOTIFY=console prints messages instead; or driftwatch destination add adds a destination"

    private static func slack(_ sources: SettingSources) throws(SettingError) -> SlackDestination {
        let webhook = sources.text(\.slackWebhookURL)
        let token = sources.text(\.slackBotToken)
        let channel = sources.text(\.slackChannel)
        switch (webhook, token) {
        case (let webhook?, nil):
            try requireURL(webhook, sources)
            return .webhook(url: webhook.text)
        case (nil, let token?):
            guard let channel else {
                throw SettingError("DRIFTWATCH_SLACK_CHANNEL", "a bot token needs the channel to post to")
            }
            let api = sources.text(\.slackAPIURL)
            if let api { try requireURL(api, sources) }
            return .bot(token: token.text, channel: channel.text, api: api?.text ?? SlackDestination.defaultAPI)
        case (_?, _?):
            throw SettingError(
                "DRIFTWATCH_SLACK_WEBHOOK_URL", "both a webhook and a bot token are set", hint: "unset one of them")
        case (nil, nil):
            throw SettingError(
                "DRIFTWATCH_NOTIFY", "slack needs to know where to post",
                hint: ways)
        }
    }

    /// What is sent holds a secret and the state of servers, so it travels encrypted, or stays on this machine, or goes
    /// where somebody has said that it may.
    static func requireURL(
        _ setting: (text: String, place: String), _ sources: SettingSources
    ) throws(SettingError) {
        guard setting.text.unicodeScalars.allSatisfy({ $0 > " " && $0 < "\u{7f}" && $0 != "\\" }),
            let parts = URLComponents(string: setting.text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.encodedHost?.lowercased(), !host.isEmpty
        else { throw SettingError(setting.place, "its value is not an http or https address") }
        guard scheme == "http" else { return }
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        let allowed = try sources.value(\.plainHTTPHosts)
        guard parts.user == nil, HostName.isLoopback(bare) || allowed.contains(bare) else {
            throw SettingError(
                setting.place, "http would send its secret unencrypted to \(visible(bare))",
                hint: "use https; or put the host into DRIFTWATCH_PLAIN_HTTP_HOSTS")
        }
    }
}
