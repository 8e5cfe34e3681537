internal import Synchronization

/// One request on its way, from the caller's wait to its end.
///
/// The queue, a cancellation or the deadline ends it, and resumes the caller exactly once.
final class Exchange: Sendable {
    private typealias Continuation = CheckedContinuation<Result<HTTPReply, HTTPError>, Never>

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

    private let request: HTTPRequest
    private let deadline: ContinuousClock.Instant
    private let phase = Mutex(Phase.created)

    init(_ request: HTTPRequest) {
        self.request = request
        deadline = .now + request.deadline
    }

    /// To be called once.
    func wait(_ continuation: CheckedContinuation<Result<HTTPReply, HTTPError>, Never>) {
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
    func run(on handle: EasyHandle, _ settings: HTTPClient.Settings) {
        let hasBegun = phase.withLock { phase in
            guard case .waiting(let continuation) = phase else { return false }
            phase = .running(continuation, cancelled: false)
            return true
        }
        guard hasBegun else { return }
        let result = handle.perform(request, until: deadline, settings) { self.isCancelled }
        let running: Continuation? = phase.withLock { phase in
            guard case .running(let continuation, _) = phase else { return nil }
            phase = .over
            return continuation
        }
        running?.resume(returning: result)
    }

    private static let cancelled = HTTPError(.cancelled, host: nil, detail: "cancelled")
}
