import Synchronization

/// Why work on a job must end before its handler is done.
enum Interruption: String, Hashable, Sendable {
    /// Somebody else may have the job by now: kill what runs, write nothing.
    case leaseLost = "lease_lost"
    case cancelRequested = "cancel_requested"
    case deadline
    case shutdown
}

/// Connects the task that runs a job with the tasks that may interrupt it.
///
/// The first interruption counts, except that a lost lease replaces any other, because it forbids writing.
final class JobControl: Sendable {
    private struct State {
        var interruption: Interruption?
        var waiter: CheckedContinuation<Interruption?, Never>?
        var isOver = false
    }

    private let state = Mutex(State())

    var interruption: Interruption? { state.withLock { $0.interruption } }

    /// Whether the lease can still be trusted.
    var mayWrite: Bool { interruption != .leaseLost }

    func interrupt(_ why: Interruption) {
        let waiter = state.withLock { state -> CheckedContinuation<Interruption?, Never>? in
            guard state.interruption == nil || why == .leaseLost else { return nil }
            state.interruption = why
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: why)
    }

    /// Returns when the job is interrupted, or with nil when the waiting task is cancelled.
    ///
    /// One task at a time may wait.
    func untilInterrupted() async -> Interruption? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state -> Interruption?? in
                    if let interruption = state.interruption { return .some(interruption) }
                    if state.isOver { return .some(nil) }
                    state.waiter = continuation
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Interruption?, Never>? in
                state.isOver = true
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(returning: nil)
        }
    }
}
