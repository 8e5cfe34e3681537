package import Postgres

/// How an attempt ends, and what is stored with that.
///
/// A handler returns one. What interrupts a handler becomes one as well, so that everything that follows is the same for both.
package struct Ending: Sendable {
    /// What `job_attempts.outcome` says; the job's state follows from it (see `STATES.md`).
    package enum Outcome: Hashable, Sendable {
        case succeeded
        /// For good; it is not retried.
        case failed
        case cancelled
        /// A temporary fault: the job is retried after a backoff, or fails if this was the last attempt.
        case retry
        /// Handed back: no login place was free, so nothing was tried. The attempt does not count.
        case noPlace(retryAfter: Duration)
        /// Handed back, because the process stops. The attempt does not count.
        case interrupted
    }

    package var outcome: Outcome
    /// What went wrong; also on a job that succeeded without looking at the server.
    package var note: FailureNote?
    /// Runs in the transaction that ends the attempt, after the check that the lease still holds.
    ///
    /// It may run more than once, each time in a new transaction.
    package var effects: Effects?
    /// Runs once, when these effects are known to be stored.
    package var announcement: (@Sendable () -> Void)?

    package typealias Effects = @Sendable (borrowing Transaction) throws -> Void

    package init(_ outcome: Outcome, note: FailureNote? = nil, effects: Effects? = nil) {
        self.outcome = outcome
        self.note = note
        self.effects = effects
    }

    /// Decides how the attempt ends; nil if nothing may be written, because another worker may have the job by now.
    ///
    /// `returned` is nil if the handler stopped without a result. A result that came in time counts, even if somebody asked to
    /// cancel the job meanwhile: only a lost lease forbids writing it.
    static func decide(_ returned: Ending?, interruptedBy interruption: Interruption?) -> Ending? {
        if interruption == .leaseLost { return nil }
        if let returned { return returned }
        switch interruption {
        case .cancelRequested:
            return Ending(.cancelled, note: FailureNote(label: "cancelled", message: "cancelled on request"))
        case .deadline:
            return Ending(
                .retry, note: FailureNote(label: "deadline", message: "the attempt ran past its time limit"))
        case .shutdown, .leaseLost, nil:
            return Ending(.interrupted)
        }
    }

    /// How the attempt ends if the database refuses its effects for good: as a fault, without effects.
    static func refused(_ error: any Error) -> Ending {
        Ending(.retry, note: FailureNote(label: "effects_refused", message: "\(error)"))
    }
}

/// What went wrong in an attempt, for people and for metrics.
package struct FailureNote: Hashable, Sendable {
    /// A word from a small set.
    package var label: String
    /// One line, without secrets.
    package var message: String

    package init(label: String, message: String) {
        self.label = label
        self.message = message
    }
}
