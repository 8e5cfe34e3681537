import DriftCore
import DriftStore
import Foundation
import Postgres
import Presentation

/// A test message, sent from here the way the notifier would.
struct DestinationTrial {
    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ name: String) async throws -> ExitStatus {
        let opened = try await open(name)
        let baseURL = try context.settings.value(\.baseURL)
        let reply = await opened.sender(context.console, baseURL: baseURL).send(
            OutboundNotification(
                .init(outboxID: 0, facts: Self.facts()), messageID: UUID().uuidString.lowercased()))
        let failure: String
        switch reply {
        case .sent:
            context.console.print("sent to \(opened.name)")
            return try await resume(name, opened)
        case .notNeeded(let reason): failure = "nothing was sent: \(reason)"
        case .pace(let wait): failure = "too fast: asked to wait \(wait.components.seconds) s"
        case .badMessage(let reason): failure = "the message is refused: \(reason)"
        case .badDestination(let reason): failure = "the destination is refused: \(reason)"
        case .unreachable(let reason): failure = "not reachable: \(reason)"
        case .noReply(let reason): failure = "no reply, but the message may have arrived: \(reason)"
        case .notUnderstood(let reason): failure = "the answer is not understood: \(reason)"
        case .serverError(let reason): failure = "the destination has a fault: \(reason)"
        }
        let settings =
            name == Destinations.default
            ? "see DRIFTWATCH_SLACK_WEBHOOK_URL, or DRIFTWATCH_SLACK_BOT_TOKEN and DRIFTWATCH_SLACK_CHANNEL"
            : "driftwatch destination list --json shows its settings"
        throw CommandFailure(.dependency, "\(opened.name): \(failure)", hint: settings)
    }

    private func open(_ name: String) async throws -> OpenDestination {
        guard name != Destinations.default else { return try NotifySettings(context.settings).destination }
        let found = try await context.withDatabase { database in
            try await database.read { transaction in
                try OutboxReader.destinations(in: transaction).first { $0.name == name }
            }
        }
        guard let found else { throw CommandFailure.unknown(.destination(name)) }
        return try DestinationPlan(kind: found.kind, json: found.settings, of: name).open(context.settings, for: name)
    }

    /// If the notifiers send with other settings, this message proves nothing about them; and what a person paused, a person
    /// resumes.
    private func resume(_ name: String, _ opened: OpenDestination) async throws -> ExitStatus {
        let actor = try context.person().sql
        let said = try await context.withDatabase { database in
            try await database.withTransaction { transaction -> String? in
                let line = try OutboxReader.destinations(in: transaction).first { $0.name == name }
                guard let line, line.pausedAt != nil else { return nil }
                if let person = line.pausedBy { return "\(name) stays paused by \(visible(person))" }
                let key = try Destinations.fingerprintKey(of: name, in: transaction)
                let isServed = try Destinations.isServed(
                    name, kind: opened.kind.rawValue, fingerprint: key.flatMap { opened.fingerprint(key: $0) },
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
