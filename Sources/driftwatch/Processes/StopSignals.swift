import Foundation
import JobQueue
import Synchronization
import UnixSignals

/// SIGTERM and SIGINT: the first asks to stop in good order, a second SIGINT ends the process at once.
final class StopSignals: Sendable {
    private let count = Mutex(0)
    private let wake = WakeSignal()

    var isAsked: Bool { count.withLock { $0 > 0 } }

    /// Hears signals until the task is cancelled.
    func watch() async {
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) { received(signal) }
    }

    /// Returns when a stop is asked for, or the task is cancelled.
    ///
    /// One task at a time may wait.
    func untilAsked() async {
        while !isAsked, !Task.isCancelled { await wake.wait(upTo: .seconds(3600), clock: ContinuousClock()) }
    }

    private func received(_ signal: UnixSignal) {
        let before = count.withLock { count in
            defer { count += 1 }
            return count
        }
        // A service manager repeats SIGTERM without meaning more by it.
        if before > 0 && signal == .sigint { _exit(130) }
        wake.raise()
    }
}
