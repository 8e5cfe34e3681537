internal import Redaction

/// One thing that is wrong, or doubtful, in a configuration file.
package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Severity: String, Hashable, Sendable {
        /// Nothing is loaded.
        case error
        case warning
    }

    package var severity: Severity
    /// As the caller named the file.
    package var file: String
    /// From 1; nil if the whole file is meant.
    package var line: Int?
    /// From 1, in Unicode scalars.
    package var column: Int?
    /// One line of printable characters.
    package var message: String
    /// What to write instead.
    package var hint: String?

    package init(
        _ severity: Severity = .error, file: String, line: Int? = nil, column: Int? = nil, message: String,
        hint: String? = nil
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
    }

    /// Place, severity, message, and the hint in parentheses: `packs/base.yaml:12:7: error: … (…)`.
    package var description: String {
        let place = [file, line?.description, column?.description].compactMap(\.self).joined(separator: ":")
        return "\(place): \(severity.rawValue): \(message)" + (hint.map { " (\($0))" } ?? "")
    }
}

/// Everything that keeps a configuration from being loaded.
package struct ConfigurationProblems: Error, Hashable, Sendable, CustomStringConvertible {
    /// At least one of them is an error; file by file, from the top.
    package var problems: [Problem]

    package init(_ problems: [Problem]) { self.problems = problems }

    package var errors: [Problem] { problems.filter { $0.severity == .error } }

    /// One line for each.
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// `text` between backticks, short, and harmless to a terminal.
package func quoted(_ text: String) -> String { VisibleText.quoted(text) }
