import Foundation
import Synchronization

/// How far long work is, on standard error: one line that changes on a terminal, else a line for each step.
final class ProgressLine: Sendable {
    /// Whether somebody watches the line change.
    let isLive: Bool
    private let console: Console
    private let isShown = Mutex(false)

    init(_ console: Console, environment: [String: String]) {
        self.console = console
        isLive = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    }

    /// Puts `text` in place of the line, where somebody watches.
    func show(_ text: String) {
        guard isLive else { return }
        isShown.withLock { $0 = true }
        write("\r\u{1b}[K\(text)")
    }

    /// Prints a line for good.
    func note(_ line: String) {
        clear()
        console.note(line)
    }

    /// Takes the line away.
    func clear() {
        let wasShown = isShown.withLock { shown in
            defer { shown = false }
            return shown
        }
        if wasShown { write("\r\u{1b}[K") }
    }

    private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
