import ArgumentParser
import DriftStore
import Foundation
import Logging
import Postgres
import Presentation
import Schema

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The settings file, YAML or JSON (DRIFTWATCH_CONFIG).", valueName: "file"))
    var config: String?

    @Option(\.logLevel)
    var logLevel: String?

    @Option(\.logFormat)
    var logFormat: String?
}

/// A listing's way out.
struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON, with times in RFC 3339.")
    var asJSON = false
}

/// A command that does something, and ends in an ``ExitStatus``.
protocol DriftwatchCommand: AsyncParsableCommand {
    var common: CommonOptions { get }
    /// Settings that the command line gives.
    var settingOptions: [SettingOption] { get }
    /// The level of the log where nobody sets one; commands that answer and end keep quiet.
    var defaultLogLevel: Logger.Level { get }
    func perform(_ context: CommandContext) async throws -> ExitStatus
}

extension DriftwatchCommand {
    var settingOptions: [SettingOption] { [] }
    var defaultLogLevel: Logger.Level { .error }
}

/// What a command works with.
struct CommandContext: Sendable {
    let settings: SettingSources
    let console: Console
    let environment: [String: String]
    private let read: @Sendable () throws -> SettingSources

    /// Reads the settings and starts the log.
    ///
    /// - Throws: ``SettingError``, ``SettingsFileProblems``.
    init(_ command: any DriftwatchCommand, console: Console, environment: [String: String]) throws {
        var options = command.settingOptions
        options.append(SettingOption(\.logLevel, command.common.logLevel))
        options.append(SettingOption(\.logFormat, command.common.logFormat))
        if let command = command as? any ActingCommand { options.append(SettingOption(\.actor, command.acting.name)) }
        let (given, config) = (options, command.common.config)
        read = { try SettingSources(options: given, configOption: config, environment: environment) }
        settings = try read()
        bootstrapLogging(try LoggingSettings(settings, defaultLevel: command.defaultLogLevel))
        self.console = console
        self.environment = environment
        for variable in settings.unknownVariables {
            console.note("driftwatch: warning: \(visible(variable)) is not a setting of Driftwatch")
        }
    }

    /// The settings with what their files say now.
    ///
    /// - Throws: ``SettingError``, ``SettingsFileProblems``.
    func readSettingsAgain() throws -> SettingSources { try read() }

    /// Who asks.
    ///
    /// - Throws: ``SettingError``.
    func person() throws(SettingError) -> ActingPerson { try actingPerson(settings, environment: environment) }

    /// Opens the database for `body`, and refuses a schema that this binary cannot work on.
    func withDatabase<Value: Sendable>(
        requiringSchema: Bool = true, adjusting adjust: (inout DatabaseSettings) -> Void = { _ in },
        _ body: (Database) async throws -> Value
    ) async throws -> Value {
        var databaseSettings = try DatabaseSettings(settings)
        adjust(&databaseSettings)
        let database = Database(databaseSettings, logger: Logger(label: "driftwatch.database"))
        do {
            if requiringSchema { try await Migrator(database).requireUsable() }
            let value = try await body(database)
            await database.close()
            return value
        } catch {
            await database.close()
            throw error
        }
    }
}
