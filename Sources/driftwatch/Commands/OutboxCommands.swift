import ArgumentParser
import DriftStore
import Postgres
import Presentation

struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Look at messages that are not delivered, and send those again that were given up.",
        discussion: """
            Example:
              driftwatch outbox list --dead
            """,
        subcommands: [List.self, Redrive.self])

    struct List: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "List messages that are not delivered, and why.",
            discussion: """
                Example:
                  driftwatch outbox list --all --json
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        @Flag(help: "Only those that were given up.")
        var dead = false

        @Flag(help: "Delivered ones too.")
        var all = false

        @Option(help: "How many at most: the first of those that wait, with --all the last of all.")
        var limit = 200

        func validate() throws {
            try requireLimit(limit)
            if dead && all { throw ValidationError("--dead and --all exclude each other") }
        }

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (found, times) = try await context.withDatabase { database in
                try await database.read { transaction in
                    (
                        try OutboxReader.list(
                            dead ? .dead : all ? .all : .undelivered, limit: limit, in: transaction),
                        try Times(in: transaction)
                    )
                }
            }
            Self.listing.print(found.lines, times: times, asJSON: output.asJSON, to: context.console)
            if found.more > 0 {
                // To standard error, so that the JSON stays valid.
                let line = "… and \(found.more) \(all ? "earlier" : "more"); see --limit"
                if output.asJSON { context.console.note(line) } else { context.console.print(line) }
            }
            return .fine
        }

        static let listing = Listing<OutboxLine>(
            whenEmpty: "no messages",
            columns: [
                .init("outbox_id", "MESSAGE") { .number($0.id) },
                .init("destination", "DESTINATION") { .text($0.destination) },
                .init("alert_id", "ALERT") { .number($0.alertID) },
                .init("seq") { .number($0.seq) },
                .init("kind", "KIND") { .text($0.kind) },
                .init("state", "STATE") { .text($0.state) },
                .init("attempt", "ATTEMPT") { .number($0.attempt) },
                .init("doubtful_attempts") { .number($0.doubtfulAttempts) },
                .init("created_at", "OWED SINCE") { .time($0.createdAt) },
                .init("sent_at", "SENT") { .time($0.sentAt) },
                .init("message_id") { .text($0.messageID) },
                .init("last_error") { .text($0.lastError) },
                .init("why", "WHY") { .text($0.why) },
            ])
    }

    struct Redrive: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send messages again that were given up.",
            discussion: """
                Example:
                  driftwatch outbox redrive 12
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The messages' ids.")
        var ids: [Int64]

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(ids, "redriven: message") { id, actor, transaction in
                try transaction.execute("select driftwatch.redrive_outbox(\(id), \(actor))")
            }
        }
    }
}

struct DestinationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destination",
        abstract: "Look at where messages go, and end a pause.",
        discussion: """
            Example:
              driftwatch destination resume
            """,
        subcommands: [List.self, Resume.self])

    struct List: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "List destinations.",
            discussion: """
                Example:
                  driftwatch destination list
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (destinations, times) = try await context.withDatabase { database in
                try await database.read { transaction in
                    (try OutboxReader.destinations(in: transaction), try Times(in: transaction))
                }
            }
            Self.listing.print(destinations, times: times, asJSON: output.asJSON, to: context.console)
            return .fine
        }

        private static let listing = Listing<DestinationLine>(
            whenEmpty: "no destinations: driftwatch migrate creates one",
            columns: [
                .init("destination", "DESTINATION") { .text($0.name) },
                .init("kind", "KIND") { .text($0.kind) },
                .init("paused_at", "PAUSED") { .time($0.pausedAt) },
                .init("paused_reason", "REASON") { .text($0.pausedReason) },
                .init("next_send_at") { .time($0.nextSendAt) },
                .init("next_probe_at", "NEXT TRY") { .time($0.nextProbeAt) },
                .init("failures", "FAILURES") { .number($0.failures) },
                .init("notifier_id", "NOTIFIER") { .text($0.notifierID) },
                .init("waiting", "WAITING") { .number($0.waiting) },
                .init("dead", "DEAD") { .number($0.dead) },
                .init("notice", "NOTE") { .text($0.notice) },
            ])
    }

    struct Resume: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send to a destination again that is paused, or that waits.",
            discussion: """
                Example:
                  driftwatch destination resume default
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The destination.")
        var name = Destinations.default

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach([name], "resumed") { name, actor, transaction in
                try transaction.execute("select driftwatch.resume_destination(\(name), \(actor))")
            }
        }
    }
}
