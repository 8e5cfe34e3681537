import Foundation

/// Standard output and standard error, in whole lines.
struct Console: Sendable {
    /// Whether people read the output as it comes.
    let isTerminal: Bool
    /// Whether colours are welcome: on a terminal, and `NO_COLOR` is not set.
    let hasColour: Bool

    init(environment: [String: String]) {
        isTerminal = isatty(STDOUT_FILENO) == 1
        let declined = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        hasColour = isTerminal && !declined && environment["TERM"] != "dumb"
    }

    /// Prints to standard output.
    ///
    /// A reader that went away (`| head`) is no error.
    func print(_ line: String = "") { try? deliver(line) }

    func print(lines: [String]) {
        guard !lines.isEmpty else { return }
        print(lines.joined(separator: "\n"))
    }

    /// Prints to standard error.
    func note(_ line: String) { try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8)) }

    /// Prints what has to arrive.
    ///
    /// - Throws: Where standard output takes it not: a full disk, a reader that went away.
    func deliver(_ line: String) throws { try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8)) }

    enum Colour: String { case red = "31", green = "32", yellow = "33", faint = "2", bold = "1" }

    func coloured(_ text: String, _ colour: Colour?) -> String {
        guard hasColour, let colour else { return text }
        return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
    }
}
