import ArgumentParser
import Cron
import DriftStore
import Postgres

struct SilenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence",
        abstract: "Silence messages in maintenance windows, once or again and again.",
        discussion: """
            In a window alerts open and resolve as ever, and messages about them wait. At its end the servers that have \
            messages waiting are looked at, and what is still wrong is sent once.

            Examples:
              driftwatch silence add --server db-1 --from 2026-12-01T22:00:00Z --until 2026-12-02T02:00:00Z --reason "new disks"
              driftwatch silence add --cron "0 2 * * sun" --for 4h --label role=db --reason "weekly maintenance"
            """,
        subcommands: [Add.self, List.self, End.self])

    struct Add: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a window with --until, or recurring ones with --cron and --for.",
            discussion: """
                The five cron fields are minute, hour, day of month, month and day of week, in the schedule's time zone.

                Example:
                  driftwatch silence add --cron "0 2 * * sun" --for 4h --label role=db --reason "weekly maintenance"
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions
        @OptionGroup var mute: MuteOptions
        @OptionGroup var output: OutputOptions

        @Option(
            help: ArgumentHelp(
                "When the window starts: an instant in RFC 3339, or a span from now; default: now.", valueName: "when"))
        var from: Deadline?

        @Option(
            help: ArgumentHelp(
                "When it ends: a span from now such as 4h, or an instant in RFC 3339.", valueName: "when"))
        var until: Deadline?

        @Option(help: ArgumentHelp("When recurring windows start, in quotes.", valueName: "cron"))
        var cron: String?

        @Option(
            name: .customLong("for"), help: ArgumentHelp("How long each of them lasts, such as 4h.", valueName: "span"))
        var length: TimeSpan?

        func validate() throws {
            switch (until, cron) {
            case (nil, nil): throw ValidationError("Say when it ends: --until, or --cron and --for")
            case (_?, _?): throw ValidationError("Give --until for one window, or --cron for many, not both")
            case (_?, nil) where length != nil: throw ValidationError("--for belongs to --cron")
            case (nil, _?) where length == nil: throw ValidationError("--cron needs --for")
            case (nil, _?) where from != nil: throw ValidationError("--from belongs to --until")
            default: break
            }
            do {
                if let cron, let length {
                    try Schedule(cron: cron, timeZone: "UTC").requireTimeBetweenWindows(lasting: length.duration)
                }
            } catch {
                throw ValidationError("\(error.message)\(error.hint.isEmpty ? "" : " (\(error.hint))")")
            }
        }

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let actor = try context.person().sql
            let call: SQL =
                if let cron, let length {
                    """
                    silence_alerts_again(
                        \(cron), \(length.duration), \(mute.reason), \(mute.selector), \(actor))
                    """
                } else {
                    """
                    silence_alerts(
                        \(until?.sql ?? "null"), \(mute.reason), \(mute.selector), \(from?.sql ?? "null"), \(actor))
                    """
                }
            return try await MutesReader.Kind.silence.make(call, context, asJSON: output.asJSON)
        }
    }

    struct List: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the silences that have not ended, with their present or next window.",
            discussion: """
                Example:
                  driftwatch silence list
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await MutesReader.Kind.silence.list(context, asJSON: output.asJSON)
        }
    }

    struct End: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "End silences, recurring ones for good.",
            discussion: """
                Example:
                  driftwatch silence end 4
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The silences' ids.")
        var ids: [Int64]

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await MutesReader.Kind.silence.end(ids, context)
        }
    }
}
