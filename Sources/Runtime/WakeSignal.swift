import Synchronization

/// Wakes one loop early.
///
/// Signals that come while nobody waits are kept, as one.
package final class WakeSignal: Sendable {
    private struct State {
        var isRaised = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    package func raise() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter else {
                state.isRaised = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    /// Returns after a signal, or after `duration`, or when the task is cancelled.
    ///
    /// One task at a time may wait.
    package func wait(upTo duration: Duration, clock: any Clock<Duration>) async {
        await withTaskGroup { group in
            group.addTask { await self.untilRaised() }
            group.addTask { try? await clock.sleep(for: duration, tolerance: nil) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns after a signal, or when the task is cancelled.
    ///
    /// One task at a time may wait.
    package func untilRaised() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isRaised = state.withLock { state in
                    defer { state.isRaised = false }
                    if !state.isRaised && !Task.isCancelled {
                        state.waiter = continuation
                        return false
                    }
                    return true
                }
                if isRaised { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}
