/// How a handler's part ended.
enum Attempt: Sendable {
    case finished(JobResult)
    /// It stopped because its task was cancelled.
    case interrupted
}

/// What is written about an attempt.
enum Conclusion: Sendable {
    case settle(Settlement, effects: Bool)
    case release(ReleaseOutcome, after: Duration)
    /// Nothing may be written, because another worker may have the job by now.
    case drop

    /// A result that came in time counts, even if a cancel was requested.
    ///
    /// Only a lost lease forbids writing it.
    static func of(_ attempt: Attempt, interruptedBy interruption: Interruption?) -> Self {
        if interruption == .leaseLost { return .drop }
        switch attempt {
        case .finished(let result):
            switch result.outcome {
            case .succeeded: return .settle(Settlement(outcome: .succeeded, note: result.note), effects: true)
            case .failed(let note): return .settle(Settlement(outcome: .failed, note: note), effects: true)
            case .retry(let note): return .settle(Settlement(outcome: .retry, note: note), effects: true)
            case .noPlace(let delay): return .release(.noPlace, after: delay)
            }
        case .interrupted:
            switch interruption {
            case .cancelRequested:
                let note = FailureNote(label: "cancelled", message: "cancelled on request")
                return .settle(Settlement(outcome: .cancelled, note: note), effects: false)
            case .deadline:
                let note = FailureNote(label: "deadline", message: "the attempt ran past its time limit")
                return .settle(Settlement(outcome: .retry, note: note), effects: false)
            case .shutdown, .leaseLost, nil:
                return .release(.interrupted, after: .zero)
            }
        }
    }
}
