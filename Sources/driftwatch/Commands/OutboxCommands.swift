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
                .init("why", "WHY") { .told($0.why ?? ($0.state == "folded" ? $0.lastError : nil)) },
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
