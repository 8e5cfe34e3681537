package import Postgres

/// A claimed job, as its handler sees it: the lease stays with the pool.
package struct Job: Hashable, Sendable {
    package var id: Int64
    package var queue: String
    package var kind: String
    /// Whom the job is about; `jobs.server_id`.
    package var key: String?
    /// Counts from 1.
    package var attempt: Int
    /// After how many attempts a passing fault is the result.
    package var maxAttempts: Int
    /// How often a worker was lost with this job in hand.
    package var rescues: Int
    package var payload: String

    /// No further attempt would follow a retry.
    package var isLastAttempt: Bool { attempt >= maxAttempts }

    package init(
        id: Int64, queue: String = "default", kind: String, key: String?, attempt: Int = 1, maxAttempts: Int = 3,
        rescues: Int = 0, payload: String = "{}"
    ) {
        self.id = id
        self.queue = queue
        self.kind = kind
        self.key = key
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.rescues = rescues
        self.payload = payload
    }
}

/// What a handler made of a job.
package struct JobResult: Sendable {
    /// How the attempt ends.
    package enum Outcome: Hashable, Sendable {
        case succeeded
        /// For good.
        case failed(FailureNote)
        /// A passing fault: once more after a backoff, or failed where this was the last attempt.
        case retry(FailureNote)
        /// Handed back untouched, the attempt refunded: nothing could be tried for want of a place.
        case noPlace(retryAfter: Duration)
    }

    package var outcome: Outcome
    /// What is to be known of a success that is no good news: the job is done, and what it found is that it could not.
    package var note: FailureNote?
    /// Runs in the transaction that settles the job, after the lease was proven to hold: together or not at all.
    ///
    /// It may run more than once, each time in a new transaction. Not run for `noPlace`.
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

/// Does the work of one kind of job.
package protocol JobHandler: Sendable {
    /// Works on one attempt of `job`.
    ///
    /// The task is cancelled when the lease is lost, somebody cancelled the job, its deadline passed, or the process
    /// stops; whatever was started must be gone when this returns or throws. No database connection is held meanwhile.
    ///
    /// - Throws: anything when cancelled, such as `CancellationError`; else an error counts as a passing fault.
    func handle(_ job: Job) async throws -> JobResult
}
