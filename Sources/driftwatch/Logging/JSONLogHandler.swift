import Foundation
import Logging
import Presentation

/// One JSON object a line: `time`, `level`, `logger`, `message`, and the metadata, each under its own key.
struct JSONLogHandler: LogHandler {
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
        var pairs: [(String, JSONValue)] = [
            ("time", .text(logTime(now()))), ("level", .text("\(event.level)")), ("logger", .text(label)),
            ("message", .text("\(event.message)")),
        ]
        let taken = Set(pairs.map(\.0))
        let facts = (metadataProvider?.get() ?? [:])
            .merging(metadata) { $1 }.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
            pairs.append((taken.contains(key) ? "metadata.\(key)" : key, value.json))
        }
        if let error = event.error, facts["error"] == nil { pairs.append(("error", .text("\(error)"))) }
        output.line(JSONValue.object(pairs).line)
    }
}

extension Logger.MetadataValue {
    fileprivate var json: JSONValue {
        switch self {
        case .string(let text): .text(text)
        case .stringConvertible(let value): .text("\(value)")
        case .array(let values): .list(values.map(\.json))
        case .dictionary(let values): .object(values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })
        }
    }
}
