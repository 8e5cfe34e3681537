import Foundation
import Logging
import Presentation

/// Lines for people: `2026-11-22T06:00:00.120Z info scheduler: slot fired schedule.name=default slot.jobs=50`.
struct TextLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let output: LogOutput
    private let now: @Sendable () -> Date

    init(label: String, level: Logger.Level, output: LogOutput, now: @escaping @Sendable () -> Date) {
        self.label = label
        logLevel = level
        self.output = output
        self.now = now
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = (metadataProvider?.get() ?? [:])
            .merging(metadata) { $1 }.merging(event.metadata ?? [:]) { $1 }
        var words = ["\(logTime(now())) \(event.level) \(shortLabel): \(visible("\(event.message)"))"]
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) { words.append("\(key)=\(Self.quoted(value.flat))") }
        if let error = event.error { words.append("error=\(Self.quoted("\(error)"))") }
        output.line(words.joined(separator: " "))
    }

    /// Without the name that all loggers share.
    private var shortLabel: String {
        label.hasPrefix("driftwatch.") ? String(label.dropFirst("driftwatch.".count)) : label
    }

    private static func quoted(_ text: String) -> String {
        let shown = visible(text)
        guard shown.isEmpty || shown.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return shown }
        return "\"" + shown.replacing("\"", with: "\\\"") + "\""
    }
}
