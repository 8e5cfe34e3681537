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

extension Problem {
    /// Files in the order given, and each from its top.
    static func inReadingOrder(_ problems: [Problem], files: [String]) -> [Problem] {
        let ranks = Dictionary(files.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        // The position among equals keeps the order stable.
        let ranked = problems.enumerated().map { offset, problem in
            let place = [ranks[problem.file] ?? .max, problem.line ?? 0, problem.column ?? 0, offset]
            return (place: place, problem: problem)
        }
        return ranked.sorted { $0.place.lexicographicallyPrecedes($1.place) }.map(\.problem)
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

/// What is wrong with one value, before it is known where the value stands.
struct Fault: Hashable, Sendable {
    var message: String
    var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// Where a value stands in its file, both from 1.
struct Position: Hashable, Sendable {
    var line: Int
    var column: Int
}

/// `text` between backticks, short, and harmless to a terminal.
func quoted(_ text: String) -> String { VisibleText.quoted(text) }
