import ArgumentParser
import DriftStore
import Postgres

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Hold messages back during a deploy; checks go on.",
        discussion: """
            While a hold is in force, alerts open and resolve as ever, and messages about them wait. At its end the \
            servers are looked at, and what is still wrong is sent once.

            Examples:
              driftwatch hold --label role=web --until 30m --reason "deploy 42"
              driftwatch hold end 3
            """,
        subcommands: [Add.self, List.self, End.self],
        defaultSubcommand: Add.self)

    struct Add: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin a hold now.",
            discussion: """
                Example:
                  driftwatch hold add --server web-1 --until 2026-12-01T06:00:00Z --reason "deploy 42"
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions
        @OptionGroup var mute: MuteOptions
        @OptionGroup var output: OutputOptions

        @Option(
            help: ArgumentHelp("When it ends: a span such as 30m or 4h, or an instant in RFC 3339.", valueName: "when"))
        var until: Deadline

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let actor = try context.person().sql
            return try await MutesReader.Kind.hold.make(
                "hold_alerts(\(until.sql), \(mute.reason), \(mute.selector), \(actor))", context,
                asJSON: output.asJSON)
        }
    }

    struct List: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the holds that have not ended.",
            discussion: """
                Example:
                  driftwatch hold list
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await MutesReader.Kind.hold.list(context, asJSON: output.asJSON)
        }
    }

    struct End: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "End holds before their time.",
            discussion: """
                Example:
                  driftwatch hold end 3
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The holds' ids.")
        var ids: [Int64]

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await MutesReader.Kind.hold.end(ids, context)
        }
    }
}
