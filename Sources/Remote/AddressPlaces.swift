package import DriftCore
import Synchronization

/// Limits the logins at each address at one time: sshd drops connections if too many come at once, and refuses a client for
/// minutes if its logins keep failing.
///
/// A login is short, so if all places are taken, the next one first waits for a moment; only then its job is put back.
package final class AddressPlaces: Sendable {
    private enum Waiter {
        /// A login ended before the wait began.
        case called
        case registered
        case waiting(CheckedContinuation<Void, Never>)
    }

    private struct State {
        var addresses: [String: LoginPacing] = [:]
        var waiters: [Int: Waiter] = [:]
        var lastWaiter = 0
    }

    private let limit: Int
    private let patience: Duration
    private let clock: @Sendable () -> Duration
    private let state = Mutex(State())

    /// `clock` never goes back; `patience` is how long a login waits for others to end.
    package init(
        limit: Int, patience: Duration = .seconds(2), clock: @escaping @Sendable () -> Duration = AddressPlaces.uptime()
    ) {
        self.limit = max(1, limit)
        self.patience = patience
        self.clock = clock
    }

    /// The time since this was called.
    package static func uptime() -> @Sendable () -> Duration {
        let start = ContinuousClock.now
        return { ContinuousClock.now - start }
    }

    /// Runs `body` in a place at `address`, and one at each of the jump hosts on the way.
    ///
    /// - Throws: `.noPlace` when there is none in time, `.cancelled`, and what `body` throws.
    package func withPlace<Value>(
        at address: String, behind jumpHosts: [String] = [], _ body: () async throws(ProbeFailure) -> Value
    ) async throws(ProbeFailure) -> Value {
        let way = jumpHosts + [address]
        try await begin(at: way)
        do {
            let value = try await body()
            _ = end(at: way, with: nil)
            return value
        } catch {
            throw end(at: way, with: error) ?? error
        }
    }

    /// Takes all places, and waits if others are about to become free.
    private func begin(at way: [String]) async throws(ProbeFailure) {
        let deadline = ContinuousClock.now + patience
        var (answer, waiter) = tryToBegin(at: way)
        while answer == .full, ContinuousClock.now < deadline, !Task.isCancelled {
            await wait(as: waiter, until: deadline)
            (answer, waiter) = tryToBegin(at: way)
        }
        state.withLock { _ = $0.waiters.removeValue(forKey: waiter) }
        if answer != .begin && Task.isCancelled { throw ProbeFailure(.cancelled) }
        switch answer {
        case .begin: break
        case .full: throw ProbeFailure(.noPlace, detail: "the limit of logins at this address is reached")
        case .rest(let time):
            throw ProbeFailure(
                .noPlace,
                detail: "no login at this address for \(time.components.seconds + 1) s, because earlier ones failed",
                retryAfter: time)
        }
    }

    /// Takes all places or none, and registers for the next login that ends.
    private func tryToBegin(at way: [String]) -> (LoginPacing.Answer, waiter: Int) {
        state.withLock { state in
            let now = clock()
            var begun: [String] = []
            for name in way {
                let answer = state.addresses[name, default: LoginPacing(limit: limit)].begin(at: now)
                guard answer == .begin else {
                    for name in begun { state.addresses[name]?.leave() }
                    state.lastWaiter += 1
                    if answer == .full { state.waiters[state.lastWaiter] = .registered }
                    return (answer, state.lastWaiter)
                }
                begun.append(name)
            }
            return (.begin, 0)
        }
    }

    /// Returns when a login has ended, at the deadline, or when the task is cancelled.
    private func wait(as waiter: Int, until deadline: ContinuousClock.Instant) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await withTaskCancellationHandler {
                    await withCheckedContinuation { continuation in
                        let isCalled = self.state.withLock { state in
                            guard case .registered = state.waiters[waiter] else { return true }
                            state.waiters[waiter] = .waiting(continuation)
                            return false
                        }
                        if isCalled { continuation.resume() }
                    }
                } onCancel: {
                    self.call(waiter)
                }
            }
            group.addTask { try? await ContinuousClock().sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
    }

    private func call(_ waiter: Int) {
        let continuation: CheckedContinuation<Void, Never>? = state.withLock { state in
            defer { state.waiters[waiter] = .called }
            guard case .waiting(let continuation) = state.waiters[waiter] else { return nil }
            return continuation
        }
        continuation?.resume()
    }

    /// A success counts for the whole way; a failure counts only for the host where it happened.
    private func end(at way: [String], with failure: ProbeFailure?) -> ProbeFailure? {
        let (result, waiters) = state.withLock { state in
            let now = clock()
            let culprit = failure.flatMap { $0.jumpHost ?? way.last }
            var result = failure
            for name in way {
                if failure == nil || name == culprit {
                    result = state.addresses[name]?.end(with: failure, at: now)
                } else {
                    state.addresses[name]?.leave()
                }
            }
            return (result, Array(state.waiters.keys))
        }
        for waiter in waiters { call(waiter) }
        return result
    }
}
