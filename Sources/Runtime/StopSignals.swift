import Glibc
import Synchronization
import UnixSignals

/// SIGTERM and SIGINT: the first asks to stop in good order, a second SIGINT ends the process at once.
package final class StopSignals: Sendable {
    private let count = Mutex(0)
    private let wake = WakeSignal()

    package init() {}

    package var isAsked: Bool { count.withLock { $0 > 0 } }

    /// Hears signals until the task is cancelled.
    package func watch() async {
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) { received(signal) }
    }

    /// Returns when a stop is asked for, or the task is cancelled.
    ///
    /// One task at a time may wait.
    package func untilAsked() async {
        if !isAsked { await wake.untilRaised() }
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
