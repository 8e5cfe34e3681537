import JobQueue
import Logging

/// A loop that never gives up: after a fault it waits longer each time, and goes on.
struct Loop: Sendable {
    private let every: Duration
    private let wake: WakeSignal
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// `every` is ± 20 %; `wake` ends a wait early.
    init(every: Duration, wake: WakeSignal = WakeSignal(), clock: any Clock<Duration>, logger: Logger) {
        self.every = every
        self.wake = wake
        self.clock = clock
        self.logger = logger
    }

    /// Runs until the task is cancelled: `prepare` until it has worked once, then `body` again and again.
    func run(firstly prepare: () async throws -> Void = {}, _ body: () async throws -> Void) async {
        var delays = RetryDelays()
        var isPrepared = false
        while !Task.isCancelled {
            var pause = every * Double.random(in: 0.8...1.2)
            do {
                if !isPrepared { try await prepare() }
                isPrepared = true
                try await body()
                delays.reset()
            } catch {
                pause = delays.next()
                if !Task.isCancelled { logger.warning("going on after a fault", metadata: ["error": "\(error)"]) }
            }
            await wake.wait(upTo: pause, clock: clock)
        }
    }
}
