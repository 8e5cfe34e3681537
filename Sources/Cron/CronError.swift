/// What is wrong with a schedule, and how to write it right.
package struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line that quotes what is wrong, with the field and the column (from 1) where there is one.
    package var message: String
    /// One line: what to write instead.
    package var hint: String

    package init(message: String, hint: String) {
        self.message = message
        self.hint = hint
    }

    package var description: String { "\(message) (\(hint))" }
}
