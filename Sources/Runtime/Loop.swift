package import Logging
import Postgres
import ServiceLifecycle

/// The loop of every long-running part: it does its round, waits, and never gives up.
///
/// After a fault it waits longer each time, and goes on.
package struct Loop: Sendable {
    /// When the next round begins.
    package enum Next: Sendable {
        case atOnce
        /// After the usual pause, or a wake-up.
        case paused
        /// After so long, or a wake-up.
        case after(Duration)
        /// Never: the loop is over.
        case never
    }

    private let every: Duration
    private let wake: WakeSignal
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let complaint: Logger.Message

    /// `every` is ± 20 %; `wake` ends a wait early; `complaint` is logged with each fault.
    package init(
        every: Duration, wake: WakeSignal = WakeSignal(), clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger, complaint: Logger.Message = "going on after a fault"
    ) {
        self.every = every
        self.wake = wake
        self.clock = clock
        self.logger = logger
        self.complaint = complaint
    }

    /// Runs until the task is cancelled: `prepare` until it has worked once, then `body` again and again.
    package func run(
        firstly prepare: () async throws -> Void = {}, _ body: () async throws -> Void
    ) async {
        var isPrepared = false
        await rounds {
            if !isPrepared { try await prepare() }
            isPrepared = true
            try await body()
            return .paused
        }
    }

    /// Runs until the task is cancelled, or a round says so; each says when the next one begins.
    package func rounds(_ round: () async throws -> Next) async {
        await go(until: { false }, round)
    }

    /// Runs until the service is asked to stop, or the task is cancelled; a round that has begun is finished.
    package func runUntilShutdown(_ round: () async throws -> Next) async {
        await withGracefulShutdownHandler {
            await go(until: { Task.isShuttingDownGracefully }, round)
        } onGracefulShutdown: {
            wake.raise()
        }
    }

    private func go(until isOver: () -> Bool, _ round: () async throws -> Next) async {
        var backoff = Backoff()
        while !Task.isCancelled, !isOver() {
            var next = Next.paused
            do {
                next = try await round()
                backoff.reset()
            } catch {
                next = .after(backoff.next())
                if !Task.isCancelled { logger.warning(complaint, metadata: ["error": "\(error)"]) }
            }
            switch next {
            case .atOnce: break
            case .never: return
            case .paused: await wake.wait(upTo: every * Double.random(in: 0.8...1.2), clock: clock)
            case .after(let pause): if pause > .zero { await wake.wait(upTo: pause, clock: clock) }
            }
        }
    }
}
