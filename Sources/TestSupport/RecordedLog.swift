package import Logging
import Synchronization

/// Keeps what is logged, for a test to look at or wait for.
package final class RecordedLog: Sendable {
    package struct Line: Sendable {
        package var message: String
        package var facts: [String: String]
    }

    private struct State {
        var lines: [Line] = []
        var waiting: [(message: String, reached: AsyncStream<Void>.Continuation)] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var logger: Logger { Logger(label: "tests") { _ in Handler(log: self) } }
    package var lines: [Line] { state.withLock(\.lines) }

    package func lines(_ message: String) -> [Line] { lines.filter { $0.message == message } }

    /// Returns when the line has been logged.
    package func wait(for message: String) async {
        let (stream, reached) = AsyncStream<Void>.makeStream()
        let isThere = state.withLock { state in
            if state.lines.contains(where: { $0.message == message }) { return true }
            state.waiting.append((message, reached))
            return false
        }
        if isThere { return }
        for await _ in stream {}
    }

    private func add(_ line: Line) {
        let reached = state.withLock { state in
            state.lines.append(line)
            defer { state.waiting.removeAll { $0.message == line.message } }
            return state.waiting.filter { $0.message == line.message }.map(\.reached)
        }
        for one in reached { one.finish() }
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let facts = metadata.merging(event.metadata ?? [:]) { $1 }
            log.add(Line(message: "\(event.message)", facts: facts.mapValues { "\($0)" }))
        }
    }
}
