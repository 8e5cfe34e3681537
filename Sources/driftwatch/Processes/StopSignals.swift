import Dispatch
import Foundation
import JobQueue
import Synchronization

/// SIGTERM and SIGINT, from the moment it is made: the first asks to stop in good order, a second SIGINT ends the
/// process at once.
final class StopSignals: Sendable {
    private let count = Mutex(0)
    private let wake = WakeSignal()
    private let sources = Mutex<[any DispatchSourceSignal]>([])

    init() {
        let queue = DispatchQueue(label: "driftwatch.signals")
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [weak self] in self?.received(number) }
            source.activate()
            sources.withLock { $0.append(source) }
        }
    }

    var isAsked: Bool { count.withLock { $0 > 0 } }

    /// Returns when a stop is asked for, or the task is cancelled. One task at a time may wait.
    func untilAsked() async {
        while !isAsked, !Task.isCancelled { await wake.wait(upTo: .seconds(3600), clock: ContinuousClock()) }
    }

    private func received(_ number: Int32) {
        let before = count.withLock { count in
            defer { count += 1 }
            return count
        }
        // A service manager repeats SIGTERM without meaning more by it.
        if before > 0 && number == SIGINT { _exit(130) }
        wake.raise()
    }
}
