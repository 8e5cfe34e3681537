import ArgumentParser
import DriftCore
import DriftStore
import Postgres
import Presentation

struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "Look at alerts, acknowledge and resolve them.",
        discussion: """
            Example:
              driftwatch alerts ack 7 --comment "known, fixed tonight"
            """,
        subcommands: [List.self, Show.self, Acknowledge.self, Resolve.self, Accept.self])

    struct List: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "List alerts that are not resolved, the newest first.",
            discussion: """
                Example:
                  driftwatch alerts list --all --server web-1
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        @Flag(help: "Resolved ones too.")
        var all = false

        @Option(help: "Only alerts of this server.")
        var server: ServerID?

        @Option(help: "Only alerts about the same thing, by the key that a message about several alerts names.")
        var group: String?

        @Option(help: "How many at most.")
        var limit = 100

        func validate() throws { try requireLimit(limit) }

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (alerts, times) = try await context.withDatabase { database in
                try await database.read { transaction in
                    let alerts = try AlertsReader.list(
                        all ? .all : .unresolved, server: server, group: group, limit: limit, in: transaction)
                    try CommandFailure.requireKnown(server, unlessFound: alerts, in: transaction)
                    return (alerts, try Times(in: transaction))
                }
            }
            let listing = output.asJSON ? AlertsCommand.listing : AlertsCommand.table(times, withEnd: all)
            listing.print(alerts, times: times, asJSON: output.asJSON, to: context.console)
            return .fine
        }
    }

    struct Show: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what happened to an alert: what opened it, what changed, who did what, what was sent.",
            discussion: """
                Example:
                  driftwatch alerts show 7
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "The alert's id.")
        var id: Int64

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (alert, events, messages, times) = try await context.withDatabase { database in
                try await database.read { transaction in
                    guard let alert = try AlertsReader.alert(id, in: transaction) else {
                        throw CommandFailure.unknown(.alert(id))
                    }
                    return (
                        alert, try AlertsReader.events(of: id, in: transaction),
                        try OutboxReader.messages(of: id, in: transaction),
                        try Times(in: transaction)
                    )
                }
            }
            guard output.asJSON else {
                let text = AlertText(alert, times: times)
                context.console.print(lines: text.story(events, messages))
                return .fine
            }
            let json = AlertsCommand.listing.json(
                alert,
                parts: [
                    ("events", AlertsCommand.events.json(events)),
                    ("messages", OutboxCommand.List.listing.json(messages)),
                ])
            context.console.print(json.pretty)
            return .fine
        }
    }

    struct Acknowledge: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "ack",
            abstract: "Acknowledge alerts, until something is added to them; they still resolve by themselves.",
            discussion: """
                Examples:
                  driftwatch alerts ack 7 8 --comment "on it"
                  driftwatch alerts ack 7 --comment "new disk on Monday" --until 3d
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The alerts' ids.")
        var ids: [Int64]

        @Option(help: "A note that is kept with the alert.")
        var comment: String?

        @Option(
            help: ArgumentHelp(
                "When it ends by itself, and the alert is open again: a span such as 4h, or an instant in RFC 3339.",
                valueName: "when"))
        var until: Deadline?

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(ids, "acknowledged alert") { id, actor, transaction in
                try transaction.execute(
                    "select driftwatch.acknowledge_alert(\(id), \(comment), \(until?.sql ?? "null"), \(actor))")
            }
        }
    }

    struct Resolve: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Resolve alerts by hand; quiet until something more goes wrong.",
            discussion: """
                Example:
                  driftwatch alerts resolve 7 --comment "accepted"
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The alerts' ids.")
        var ids: [Int64]

        @Option(help: "A note that is kept with the alert.")
        var comment: String?

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(ids, "resolved alert") { id, actor, transaction in
                try transaction.execute("select driftwatch.resolve_alert(\(id), \(comment), \(actor))")
            }
        }
    }

    /// For people: what is wrong and who has it in hand, times in the schedule's zone.
    static func table(_ times: Times, withEnd: Bool) -> Listing<AlertLine> {
        Listing<AlertLine>(
            whenEmpty: "no alerts",
            columns: [
                .init("alert_id", "ALERT") { .number($0.id) },
                .init("status", "STATUS", colour: { $0.status == "open" ? .red : nil }) {
                    .text(AlertText($0, times: times).status)
                },
                .init("server_id", "SERVER") { .text($0.serverID.rawValue) },
                .init("pack_name", "PACK") { .text($0.packName?.rawValue) },
                .init("opened_at", "OPENED") { .text(times.stamp($0.openedAt)) },
                .init("resolved_at", withEnd ? "RESOLVED" : nil) { .text($0.resolvedAt.map(times.stamp)) },
                .init("resolution", withEnd ? "RESOLUTION" : nil) { .text($0.resolution) },
                .init("mismatch_count", "ITEMS") { .number($0.packName == nil ? nil : $0.mismatchCount) },
                .init("items", "WHAT") { .text(AlertText($0, times: times).what) },
            ])
    }

    /// For machines.
    static let listing = Listing<AlertLine>(
        whenEmpty: "no alerts",
        columns: [
            .init("alert_id") { .number($0.id) },
            .init("alert_type") { .text($0.type.rawValue) },
            .init("severity") { .text($0.severity) },
            .init("status") { .text($0.status) },
            .init("server_id") { .text($0.serverID.rawValue) },
            .init("server_name") { .text($0.serverName) },
            .init("pack_name") { .text($0.packName?.rawValue) },
            .init("title") { .text($0.title) },
            .init("message") { .text($0.message) },
            .init("mismatch_count") { .number($0.mismatchCount) },
            .init("check_id") { .number($0.checkID) },
            .init("check_kept") { .flag($0.isCheckKept) },
            .init("diff_path") { .text($0.diffPath) },
            .init("opened_at") { .time($0.openedAt) },
            .init("updated_at") { .time($0.updatedAt) },
            .init("acknowledged_at") { .time($0.acknowledgedAt) },
            .init("acknowledged_by") { .text($0.acknowledgedBy) },
            .init("acknowledged_until") { .time($0.acknowledgedUntil) },
            .init("resolved_at") { .time($0.resolvedAt) },
            .init("resolved_by") { .text($0.resolvedBy) },
            .init("resolution") { .text($0.resolution) },
            .init("muted_by") { .text($0.mutedBy) },
            .init("flapping_since") { .time($0.flappingSince) },
            .init("items") { .json(JSONValue(parsing: $0.items)) },
            .init("failing") { $0.failing.map { .json(json($0)) } ?? .text(nil) },
        ])

    private static func json(_ failing: NotificationFacts.Failing) -> JSONValue {
        .object([
            ("reason", .optional(failing.reason)), ("detail", .optional(failing.detail)),
            ("jump_host", .optional(failing.jumpHost)), ("address", .optional(failing.address)),
            ("since", .text(failing.since)), ("slots", .number(Int64(failing.slots))),
            ("worker_host", .optional(failing.workerHost)),
        ])
    }

    static let events = Listing<AlertEvent>(
        whenEmpty: "no events",
        columns: [
            .init("seq") { .number($0.seq) },
            .init("at") { .time($0.at) },
            .init("event") { .text($0.event) },
            .init("actor") { .text($0.actor) },
            .init("requested_by") { .text($0.requestedBy) },
            .init("slot_at") { .time($0.slotAt) },
            .init("detail") { .json(JSONValue(parsing: $0.detail)) },
        ])
}

extension CommandContext {
    /// Does something to each of `things`, each in a transaction of its own, and says so; one that is refused does not
    /// keep the others from being done.
    func forEach<Thing: Sendable>(
        _ things: [Thing], _ done: String,
        _ body: @Sendable @escaping (Thing, _ actor: SQL, borrowing Transaction) throws -> Void
    ) async throws -> ExitStatus {
        try await forEach(things) { thing, actor, transaction in
            try body(thing, actor, transaction)
            return "\(done) \(thing)"
        }
    }

    /// The same, with a line of its own for each.
    func forEach<Thing: Sendable>(
        _ things: [Thing],
        _ body: @Sendable @escaping (Thing, _ actor: SQL, borrowing Transaction) throws -> String
    ) async throws -> ExitStatus {
        let actor = try person().sql
        return try await withDatabase { database in
            var status = ExitStatus.fine
            for thing in things {
                do {
                    console.print(try await database.withTransaction { try body(thing, actor, $0) })
                } catch let error as DatabaseError where error.sqlState == "DW001" {
                    let report = ErrorReport(error)
                    for line in report.lines { console.note(line) }
                    status = status.combined(with: report.status)
                }
            }
            return status
        }
    }
}
