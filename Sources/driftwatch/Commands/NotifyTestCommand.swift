import ArgumentParser
import DriftCore
import DriftStore
import Foundation
import Postgres
import Slack

struct NotifyTestCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify-test",
        abstract: "Send a test message the way the notifier would.",
        discussion: """
            Uses the same settings as `driftwatch notifier`. When it is accepted, a destination that is paused with \
            these settings is resumed.

            Example:
              driftwatch notify-test
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var acting: ActingOptions

    @Option(\.notify)
    var notify: String?

    var settingOptions: [SettingOption] { [SettingOption(\.notify, notify)] }

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let settings = try NotifySettings(context.settings)
        let reply = await settings.sender(context.console).send(
            OutboundNotification(outboxID: 0, facts: Self.facts(), form: .rich))
        let failure: String
        switch reply {
        case .sent:
            context.console.print("sent to \(settings.destination.name)")
            return try await resume(settings, context)
        case .pace(let wait): failure = "too fast: asked to wait \(wait.components.seconds) s"
        case .badMessage(let reason): failure = "the message is refused: \(reason)"
        case .badDestination(let reason): failure = "the destination is refused: \(reason)"
        case .unreachable(let reason): failure = "not reachable: \(reason)"
        case .noReply(let reason): failure = "no reply, but the message may have arrived: \(reason)"
        case .notUnderstood(let reason): failure = "the answer is not understood: \(reason)"
        case .serverError(let reason): failure = "the destination has a fault: \(reason)"
        }
        throw CommandFailure(
            .dependency, "\(settings.destination.name): \(failure)",
            hint: "see DRIFTWATCH_SLACK_WEBHOOK_URL, or DRIFTWATCH_SLACK_BOT_TOKEN and DRIFTWATCH_SLACK_CHANNEL")
    }

    /// If the notifiers send with other settings, this message proves nothing about them.
    private func resume(_ settings: NotifySettings, _ context: CommandContext) async throws -> ExitStatus {
        let actor = try context.person().sql
        let name = Destinations.default
        let said = try await context.withDatabase { database in
            try await database.withTransaction { transaction -> String? in
                guard try OutboxReader.destinations(in: transaction).contains(where: { $0.isDefaultAndPaused }) else {
                    return nil
                }
                let isServed = try Destinations.isServed(
                    name, kind: settings.destination.kind.rawValue, fingerprint: settings.fingerprint(in: transaction),
                    in: transaction)
                guard isServed else {
                    return "\(name) stays paused: the notifier has other settings; restart it with these"
                }
                try transaction.execute("select driftwatch.resume_destination(\(name), \(actor))")
                return "resumed \(name)"
            }
        }
        if let said { context.console.print(said) }
        return .fine
    }

    private static func facts() -> NotificationFacts {
        let (now, host) = (Date().formatted(.iso8601), hostName())
        return NotificationFacts(
            kind: .test, alertID: 0, serverID: ServerID(rawValue: host), serverName: host,
            packName: PackName(rawValue: "notify-test"), mismatchCount: 0, diffPath: "/", openedAt: now,
            occurredAt: now)
    }
}

extension DestinationLine {
    fileprivate var isDefaultAndPaused: Bool { name == Destinations.default && pausedAt != nil }
}

extension NotifySettings.Destination {
    /// For people, without the secret.
    var name: String {
        switch self {
        case .slack(let destination): destination.description
        case .console: "the console"
        }
    }
}
