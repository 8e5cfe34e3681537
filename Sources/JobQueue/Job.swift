/// A claimed job, as its handler sees it: the lease stays with the pool.
package struct Job: Hashable, Sendable {
    package var id: Int64
    /// The server that the job is about.
    package var serverID: String?
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
        id: Int64, serverID: String?, schedule: String? = nil, attempt: Int = 1, maxAttempts: Int = 3,
        rescues: Int = 0
    ) {
        self.id = id
        self.serverID = serverID
        self.schedule = schedule
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.rescues = rescues
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
    func handle(_ job: Job) async throws -> Ending
}
