package import Postgres

/// A claimed job, as its handler sees it: the lease stays with the pool.
package struct Job: Hashable, Sendable {
    package var id: Int64
    /// The server that the job is about; `jobs.server_id`.
    package var key: String?
    /// The schedule whose slot made it; nil if none did.
    package var schedule: String?
    /// Counts from 1.
    package var attempt: Int
    /// After this many attempts a temporary fault fails the job.
    package var maxAttempts: Int
    /// How often a worker was lost while it ran this job.
    package var rescues: Int

    /// Whether this is the last attempt: a retry would fail the job.
    package var isLastAttempt: Bool { attempt >= maxAttempts }

    package init(
        id: Int64, key: String?, schedule: String? = nil, attempt: Int = 1, maxAttempts: Int = 3, rescues: Int = 0
    ) {
        self.id = id
        self.key = key
        self.schedule = schedule
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.rescues = rescues
    }
}

/// A handler's result.
package struct JobResult: Sendable {
    /// How the attempt ends.
    package enum Outcome: Hashable, Sendable {
        case succeeded
        /// The job has failed; it is not retried.
        case failed(FailureNote)
        /// A temporary fault: the job is retried after a backoff, or fails if this was the last attempt.
        case retry(FailureNote)
        /// Handed back: no login place was free, so nothing was tried. The attempt does not count.
        case noPlace(retryAfter: Duration)
    }

    package var outcome: Outcome
    /// A note on a job that succeeded without looking at the server.
    package var note: FailureNote?
    /// Runs in the transaction that settles the job, after the check that the lease still holds.
    ///
    /// It may run more than once, each time in a new transaction. It does not run for `noPlace`.
    package var effects: Effects?

    package typealias Effects = @Sendable (borrowing Transaction) throws -> Void

    package init(_ outcome: Outcome, note: FailureNote? = nil, effects: Effects? = nil) {
        self.outcome = outcome
        self.note = note
        self.effects = effects
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

/// Does the work of a job.
package protocol JobHandler: Sendable {
    /// Works on one attempt of `job`.
    ///
    /// The task is cancelled when the lease is lost, somebody cancelled the job, its deadline passed, or the process
    /// stops. Everything that was started must have ended when this returns or throws. It holds no database connection.
    ///
    /// - Throws: Any error once cancelled, such as `CancellationError`; otherwise an error counts as a temporary fault.
    func handle(_ job: Job) async throws -> JobResult
}
