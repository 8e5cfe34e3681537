import Synchronization

/// A clock that stands still until a test moves it.
///
/// A test waits with ``nextSleep()`` until the code under test sleeps, looks at how long it means to, and moves the
/// time with ``advance(by:)``: no real waiting, no race. It may be shared by any number of tasks.
package final class ManualClock: Clock {
    package struct Instant: InstantProtocol, CustomStringConvertible {
        /// Since the clock was made.
        package var offset: Duration

        package init(offset: Duration) { self.offset = offset }

        package func advanced(by duration: Duration) -> Self { Self(offset: offset + duration) }
        package func duration(to other: Self) -> Duration { other.offset - offset }
        package static func < (left: Self, right: Self) -> Bool { left.offset < right.offset }
        package var description: String { "+\(offset)" }
    }

    private struct Sleeper {
        var began: Instant
        var deadline: Instant
        var isReported = false
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var lastID = 0
        var sleepers: [Int: Sleeper] = [:]
        /// Tests in ``nextSleep()``; there are some only while no sleeper is unreported.
        var watchers: [Int: CheckedContinuation<Duration, any Error>] = [:]

        mutating func newID() -> Int {
            lastID += 1
            return lastID
        }
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Instant { state.withLock(\.now) }
    package var minimumResolution: Duration { .zero }

    /// How many tasks sleep now.
    package var sleeperCount: Int { state.withLock(\.sleepers.count) }

    /// How many tests wait in ``nextSleep()`` now.
    package var watcherCount: Int { state.withLock(\.watchers.count) }

    /// Sleeps until a test has moved the time to `deadline`; at once over when it is not ahead.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    package func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let id = state.withLock { $0.newID() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                startSleeping(id, until: deadline, continuation)
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Waits until a task sleeps, and returns the duration that it asked for.
    ///
    /// Every sleep is told once, in the order in which they began, and only while it lasts: one that is over or
    /// cancelled is not told any more.
    ///
    /// - Throws: `CancellationError` as soon as the task that waits is cancelled, by a test's time limit for instance.
    package func nextSleep() async throws -> Duration {
        let id = state.withLock { $0.newID() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                startWatching(id, continuation)
            }
        } onCancel: {
            state.withLock { $0.watchers.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }

    /// Advances the time and wakes the tasks whose deadline has come, the earliest first.
    package func advance(by duration: Duration) {
        precondition(duration >= .zero, "time does not go back")
        let woken = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
        }
        for sleeper in woken { sleeper.value.continuation.resume() }
    }

    // A task's cancelled flag is set before its handlers run, and a handler needs the lock: whoever sees the flag down
    // under the lock is entered before a handler can look for it.

    private func startSleeping(_ id: Int, until deadline: Instant, _ continuation: CheckedContinuation<Void, any Error>)
    {
        enum Start { case asleep(watcher: CheckedContinuation<Duration, any Error>?, Duration), over, cancelled }

        let start: Start = state.withLock { state in
            if Task.isCancelled { return .cancelled }
            if deadline <= state.now { return .over }
            var sleeper = Sleeper(began: state.now, deadline: deadline, continuation: continuation)
            let watcher = state.watchers.min { $0.key < $1.key }
            if let watcher { state.watchers[watcher.key] = nil }
            sleeper.isReported = watcher != nil
            state.sleepers[id] = sleeper
            return .asleep(watcher: watcher?.value, state.now.duration(to: deadline))
        }
        switch start {
        case .asleep(let watcher, let duration): watcher?.resume(returning: duration)
        case .over: continuation.resume()
        case .cancelled: continuation.resume(throwing: CancellationError())
        }
    }

    private func startWatching(_ id: Int, _ continuation: CheckedContinuation<Duration, any Error>) {
        enum Start { case found(Duration), waiting, cancelled }

        let start: Start = state.withLock { state in
            if Task.isCancelled { return .cancelled }
            guard let (id, sleeper) = state.sleepers.filter({ !$0.value.isReported }).min(by: { $0.key < $1.key })
            else {
                state.watchers[id] = continuation
                return .waiting
            }
            state.sleepers[id]?.isReported = true
            return .found(sleeper.began.duration(to: sleeper.deadline))
        }
        switch start {
        case .found(let duration): continuation.resume(returning: duration)
        case .waiting: break
        case .cancelled: continuation.resume(throwing: CancellationError())
        }
    }
}
