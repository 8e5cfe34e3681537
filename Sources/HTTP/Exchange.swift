internal import Synchronization

/// One request on its way, from the caller's wait to its end; `Reply` is what it brings.
///
/// The queue, a cancellation or the deadline ends it, and resumes the caller exactly once.
final class Exchange<Reply: Sendable>: Cancellable {
    typealias Transfer =
        @Sendable (EasyHandle, ContinuousClock.Instant, @escaping () -> Bool) -> Result<Reply, HTTPError>
    private typealias Continuation = CheckedContinuation<Result<Reply, HTTPError>, Never>

    /// ```
    /// created ─► waiting ─► running ─► over
    ///    └──────────┴─────cancel()──────┘      (a running one is only marked: libcurl ends it)
    ///               └─────expire()             (a running one has its deadline from libcurl)
    /// ```
    private enum Phase {
        case created
        case waiting(Continuation)
        case running(Continuation, cancelled: Bool)
        case over
    }

    private let transfer: Transfer
    private let deadline: ContinuousClock.Instant
    private let phase = Mutex(Phase.created)

    /// `transfer` blocks; it is given the deadline, and what says whether it is to end early.
    init(within limit: Duration, _ transfer: @escaping Transfer) {
        self.transfer = transfer
        deadline = .now + limit
    }

    /// To be called once.
    func wait(_ continuation: CheckedContinuation<Result<Reply, HTTPError>, Never>) {
        let isCancelled = phase.withLock { phase in
            guard case .created = phase else { return true }
            phase = .waiting(continuation)
            return false
        }
        if isCancelled { continuation.resume(returning: .failure(Self.cancelled)) }
    }

    func cancel() {
        let waiting: Continuation? = phase.withLock { phase in
            switch phase {
            case .created:
                phase = .over
                return nil
            case .waiting(let continuation):
                phase = .over
                return continuation
            case .running(let continuation, _):
                phase = .running(continuation, cancelled: true)
                return nil
            case .over:
                return nil
            }
        }
        waiting?.resume(returning: .failure(Self.cancelled))
    }

    /// Ends the wait for its turn.
    func expire() {
        let waiting: Continuation? = phase.withLock { phase in
            guard case .waiting(let continuation) = phase else { return nil }
            phase = .over
            return continuation
        }
        waiting?.resume(
            returning: .failure(HTTPError(.timeout, host: nil, detail: "the deadline passed before its turn came")))
    }

    /// Whether the transfer under way is to be ended.
    var isCancelled: Bool {
        phase.withLock { phase in
            guard case .running(_, let cancelled) = phase else { return false }
            return cancelled
        }
    }

    /// Blocks until the request has ended; to be called on the queue that owns `handle`.
    func run(on handle: EasyHandle) {
        let hasBegun = phase.withLock { phase in
            guard case .waiting(let continuation) = phase else { return false }
            phase = .running(continuation, cancelled: false)
            return true
        }
        guard hasBegun else { return }
        let result = transfer(handle, deadline) { self.isCancelled }
        let running: Continuation? = phase.withLock { phase in
            guard case .running(let continuation, _) = phase else { return nil }
            phase = .over
            return continuation
        }
        running?.resume(returning: result)
    }

    private static var cancelled: HTTPError { HTTPError(.cancelled, host: nil, detail: "cancelled") }
}
