import Foundation
import Logging
import Synchronization

/// Where log lines go: whole lines to standard error, one at a time.
final class LogOutput: Sendable {
    private let write: Mutex<@Sendable (String) -> Void>

    static let standardError = LogOutput { line in
        // A log that nobody reads any more stops nothing.
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }

    init(write: @escaping @Sendable (String) -> Void) { self.write = Mutex(write) }

    /// `line` without its line break.
    func line(_ line: String) { write.withLock { $0(line + "\n") } }
}

/// Starts logging for the whole process; once.
func bootstrapLogging(_ settings: LoggingSettings, to output: LogOutput = .standardError) {
    let now: @Sendable () -> Date = { Date() }
    LoggingSystem.bootstrap { label in
        switch settings.format {
        case .text: TextLogHandler(label: label, level: settings.level, output: output, now: now)
        case .json: JSONLogHandler(label: label, level: settings.level, output: output, now: now)
        }
    }
}

/// The instant in UTC with milliseconds.
func logTime(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}

extension Logger.MetadataValue {
    /// On one line, whatever it is.
    var flat: String {
        switch self {
        case .string(let text): text
        case .stringConvertible(let value): "\(value)"
        case .array(let values): "[" + values.map(\.flat).joined(separator: ", ") + "]"
        case .dictionary(let values):
            "{" + values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.flat)" }.joined(separator: ", ") + "}"
        }
    }
}
