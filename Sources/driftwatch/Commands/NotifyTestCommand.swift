import ArgumentParser
import DriftStore

struct NotifyTestCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify-test",
        abstract: "Send a test message the way the notifier would.",
        discussion: """
            Uses the same settings as `driftwatch notifier`. When it is accepted, a destination that is paused with \
            these settings is resumed. `driftwatch destination test` does the same for a destination that was added.

            Example:
              driftwatch notify-test
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var acting: ActingOptions

    @Option(\.notify)
    var notify: String?

    var settingOptions: [SettingOption] { [SettingOption(\.notify, notify)] }

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        try await DestinationTrial(context).run(Destinations.default)
    }
}
