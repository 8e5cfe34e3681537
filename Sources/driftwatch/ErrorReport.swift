import ArgumentParser
import Cron
import DriftCore
import Postgres
import Presentation
import Schema

/// An error as lines for standard error, and the exit status that it means.
struct ErrorReport {
    let status: ExitStatus
    let lines: [String]
    /// An error of the argument parser, which words its own.
    private let parserError: (any Error)?

    init(_ error: any Error) {
        var parserError: (any Error)?
        switch error {
        case let failure as CommandFailure:
            (status, lines) = (failure.status, [Self.line(failure.description, failure.hint)])
        case let error as SettingError:
            (status, lines) = (.usage, [Self.line(error.description, error.hint)])
        case let file as SettingsFileProblems:
            (status, lines) = (.usage, file.problems.map { visible($0.description) })
        case let error as SchemaError:
            (status, lines) = (.dependency, [Self.line(error.description, nil)])
        case let problems as ConfigurationProblems:
            (status, lines) = (.badNews, problems.problems.map { visible($0.description) })
        case let error as DatabaseError:
            (status, lines) = Self.explain(error)
        case let error as CronError:
            (status, lines) = (.usage, [Self.line(error.message, error.hint)])
        case let failure as ProbeFailure:
            (status, lines) = (.unknown, [Self.line("\(failure.reason.rawValue): \(failure.detail)", nil)])
        case is ValidationError, is ExitCode, is CleanExit:
            parserError = error
            (status, lines) = (.usage, [])
        case is CancellationError:
            (status, lines) = (.interrupted, [Self.line("interrupted", nil)])
        default:
            (status, lines) = (.dependency, [Self.line("\(error)", nil)])
        }
        self.parserError = parserError
    }

    /// One line: what and where, and how to fix it in parentheses.
    var oneLine: String { lines.joined(separator: "; ") }

    func print(to console: Console, parser: (any Error) -> ExitStatus) -> ExitStatus {
        if let parserError { return parser(parserError) }
        for line in lines { console.note(line) }
        return status
    }

    private static func line(_ text: String, _ hint: String?) -> String {
        "driftwatch: " + visible(text) + (hint.map { " (\(visible($0)))" } ?? "")
    }

    private static func explain(_ error: DatabaseError) -> (ExitStatus, [String]) {
        switch error.kind {
        case .server("DW001"):
            // Our own functions raise it when an operator asks for something that cannot be done.
            (.usage, [line(error.serverMessage ?? "refused", error.serverHint)])
        case .server(.readOnlySQLTransaction):
            (
                .dependency,
                [
                    line(
                        "the database: \(error)",
                        "it takes no writes: a standby, or default_transaction_read_only is on for the role or the database"
                    )
                ]
            )
        case .server(.insufficientPrivilege):
            (.dependency, [line("\(error)", "this database role may not do that")])
        case .settings:
            (.usage, [line("the database settings: \(error)", "see DRIFTWATCH_DATABASE_URL and the PG* variables")])
        case .connection:
            (
                .dependency,
                [line("the database: \(error)", "see DRIFTWATCH_DATABASE_URL, or libpq's PG* variables")]
            )
        default: (.dependency, [line("the database: \(error)", nil)])
        }
    }
}
