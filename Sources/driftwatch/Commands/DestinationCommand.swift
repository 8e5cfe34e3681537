import ArgumentParser
import DriftStore
import Postgres
import Presentation

struct DestinationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destination",
        abstract: "Say where messages go, and which alerts go where.",
        discussion: """
            The destination `default` is the one of the notifier's own settings (DRIFTWATCH_SLACK_WEBHOOK_URL and others). \
            All others are added here. The database keeps the paths of the files with their secrets, never a secret. The \
            notifier reads these files, and takes up a new secret within seconds.

            Example:
              driftwatch destination add web-team --kind slack --url-file /etc/driftwatch/web-team.url --label team=web
            """,
        subcommands: [List.self, Add.self, Test.self, Pause.self, Resume.self, Remove.self])

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
            whenEmpty: "no destinations: driftwatch destination add adds one",
            columns: [
                .init("destination", "DESTINATION") { .text($0.name) },
                .init("kind", "KIND") { .text($0.kind) },
                .init("settings") { .json(JSONValue(parsing: $0.settings)) },
                .init("packs") { .texts($0.packs) },
                .init("labels") { .json(JSONValue(parsing: $0.labels)) },
                .init("severities") { .texts($0.severities) },
                .init("takes", "TAKES") { .text(DestinationText($0).routing) },
                .init("paused_at", "PAUSED") { .time($0.pausedAt) },
                .init("paused_by", "BY") { .text($0.pausedBy) },
                .init("paused_reason", "REASON") { .text($0.pausedReason) },
                .init("next_send_at") { .time($0.nextSendAt) },
                .init("next_probe_at") { .time($0.nextProbeAt) },
                .init("next_try_at", "NEXT TRY") {
                    .time($0.nextProbeAt ?? ($0.failures > 0 && $0.pausedAt == nil ? $0.nextSendAt : nil))
                },
                .init("failures", "FAILURES") { .number($0.failures) },
                .init("notifier_id", "NOTIFIER") { .text($0.notifierID) },
                .init("waiting", "WAITING") { .number($0.waiting) },
                .init("last_error") { .text($0.lastError) },
                .init("dead", "DEAD") { .number($0.dead) },
                .init("unserved_reason") { .text($0.unservedReason) },
                .init("notice", "NOTE") { .text(DestinationText($0).note) },
            ])
    }

    struct Test: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a test message to a destination, from this machine.",
            discussion: """
                Reads the files with its secrets here, as the notifier does where it runs. When the message is accepted, a \
                destination that is paused because it refused every message is resumed, if the notifier has the same secret.

                Example:
                  driftwatch destination test web-team
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The destination.")
        var name: String

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await DestinationTrial(context).run(name)
        }
    }

    struct Pause: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep the messages to destinations waiting.",
            discussion: """
                Example:
                  driftwatch destination pause web-team --reason "their channel moves"
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The destinations.")
        var names: [String]

        @Option(help: "Why; it is shown as long as the pause lasts.")
        var reason: String

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(names, "paused") { name, actor, transaction in
                try transaction.execute("select driftwatch.pause_destination(\(name), \(reason), \(actor))")
            }
        }
    }

    struct Resume: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send to destinations again that are paused, or that wait.",
            discussion: """
                Example:
                  driftwatch destination resume default
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The destinations.")
        var names = [Destinations.default]

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(names, "resumed") { name, actor, transaction in
                try transaction.execute("select driftwatch.resume_destination(\(name), \(actor))")
            }
        }
    }

    struct Remove: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove destinations.",
            discussion: """
                What was sent to them stays on record. Messages that have not been sent are given up, which needs --yes.

                Example:
                  driftwatch destination remove web-team
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The destinations.")
        var names: [String]

        @Flag(help: "Give up messages that have not been sent.")
        var yes = false

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(names) { name, actor, transaction in
                let unsent = try transaction.one(
                    "select driftwatch.remove_destination(\(name), \(yes), \(actor))", as: Int.self)
                return "removed \(name)" + (unsent > 0 ? ", \(plural(unsent, "message")) given up" : "")
            }
        }
    }
}
