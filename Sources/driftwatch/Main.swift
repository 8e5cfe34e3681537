import ArgumentParser
import Foundation

@main
enum Main {
    static func main() async {
        // First, because the other end of a pipe may close at any time.
        signal(SIGPIPE, SIG_IGN)
        let status = await run(Array(CommandLine.arguments.dropFirst()))
        exit(status.rawValue)
    }

    private static func run(_ arguments: [String]) async -> ExitStatus {
        let environment = ProcessInfo.processInfo.environment
        let console = Console(environment: environment)
        var parsed: any ParsableCommand
        do { parsed = try Driftwatch.parseAsRoot(arguments) } catch {
            return explain(error, to: console)
        }
        guard let command = parsed as? any DriftwatchCommand else {
            // What is left are --help, --version and groups without a subcommand: they throw what they have to say.
            do { try parsed.run() } catch { return explain(error, to: console) }
            return .usage
        }
        do {
            try requireEachOptionOnce(arguments, of: type(of: parsed))
            let status = try await command.perform(
                CommandContext(command, console: console, environment: environment))
            guard let lost = console.lost else { return status }
            console.note("driftwatch: standard output: \(lost)")
            return status.combined(with: .dependency)
        } catch {
            return ErrorReport(error).print(to: console) { explain($0, to: console) }
        }
    }

    /// What the parser has to say: help on standard output, or how the arguments are wrong.
    private static func explain(_ error: any Error, to console: Console) -> ExitStatus {
        let message = Driftwatch.fullMessage(for: error)
        guard Driftwatch.exitCode(for: error) == .success else {
            if !message.isEmpty { console.note(message) }
            return .usage
        }
        if !message.isEmpty { console.print(message) }
        return .fine
    }
}
