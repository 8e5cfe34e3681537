import ArgumentParser
import DriftStore
import Postgres
import Presentation

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Look at the queues, pause and resume them.",
        discussion: """
            Example:
              driftwatch queue pause dmz --reason "new firewall"
            """,
        subcommands: [List.self, Pause.self, Resume.self])

    struct List: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the queues: who serves them, and what waits.",
            discussion: """
                Example:
                  driftwatch queue list
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (queues, times) = try await context.withDatabase { database in
                try await database.read { transaction in
                    (try QueuesReader.list(in: transaction), try Times(in: transaction))
                }
            }
            Self.listing.print(queues, times: times, asJSON: output.asJSON, to: context.console)
            return .fine
        }

        private static let listing = Listing<QueueLine>(
            whenEmpty: "no queues yet: driftwatch apply loads an inventory",
            columns: [
                .init("queue", "QUEUE") { .text($0.queue) },
                .init("available", "AVAILABLE") { .number($0.available) },
                .init("waiting", "NOT DUE YET") { .number($0.waiting) },
                .init("running", "RUNNING") { .number($0.running) },
                .init("oldest_available_s", "OLDEST (S)") { .number($0.oldestAvailable.map { Int($0) }) },
                .init("workers_alive", "WORKERS") { .number($0.workersAlive) },
                .init("paused_at", "PAUSED") { .time($0.pausedAt) },
                .init("paused_by", "BY") { .text($0.pausedBy) },
                .init("paused_reason", "REASON") { .text($0.pausedReason) },
            ])
    }

    struct Pause: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let workers take no more jobs from queues; jobs that are running go on.",
            discussion: """
                Example:
                  driftwatch queue pause default --reason "database maintenance"
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The queues.")
        var queues: [String]

        @Option(help: "Why; it is shown as long as the pause lasts.")
        var reason: String

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(queues, "paused") { queue, actor, transaction in
                try transaction.execute("select driftwatch.pause_queue(\(queue), \(reason), \(actor))")
            }
        }
    }

    struct Resume: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let workers take jobs from queues again.",
            discussion: """
                Example:
                  driftwatch queue resume default
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The queues.")
        var queues: [String]

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(queues, "resumed") { queue, actor, transaction in
                try transaction.execute("select driftwatch.resume_queue(\(queue), \(actor))")
            }
        }
    }
}
