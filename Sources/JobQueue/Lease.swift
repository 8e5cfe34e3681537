import Logging
import Postgres

/// The right to write about a job.
///
/// ``settle(as:effects:in:while:)`` or ``release(_:after:in:while:)`` consumes it.
///
/// The token is the fence: the database compares it in every function, so that a worker that was wrongly thought dead cannot
/// overwrite the work of its successor. An attempt number would not be enough, because the number of an attempt that is
/// handed back is used again.
struct Lease: ~Copyable {
    let jobID: Int64
    let token: LeaseToken

    /// How the writing ended.
    enum Ending: Hashable, Sendable {
        /// Committed, with the job's new state; after a release always `available`.
        case done(state: String)
        /// The lease is lost or could not be renewed: another worker may have the job.
        case lost
    }

    /// Ends the attempt and runs its effects, in one transaction whose first statement is the fence.
    ///
    /// Retries after a connection fault while `control` still trusts the lease. If the reply to a commit was lost, it asks
    /// the database what happened before it repeats anything.
    ///
    /// - Throws: any error of the effects, and database errors that are not transient.
    consuming func settle(
        as settlement: Settlement, effects: JobResult.Effects?, in store: QueueStore,
        while control: JobControl
    ) async throws -> Ending {
        let (job, token) = (jobID, token)
        return try await store.fenced(job, token, while: control) { transaction in
            let state = try QueueStore.settle(job, token, as: settlement, in: transaction)
            try effects?(transaction)
            return state
        }
    }

    /// Hands the job back; the attempt does not count.
    consuming func release(
        _ outcome: ReleaseOutcome, after delay: Duration, in store: QueueStore, while control: JobControl
    ) async throws -> Ending {
        let (job, token) = (jobID, token)
        return try await store.fenced(job, token, while: control) { transaction in
            try QueueStore.release(job, token, outcome, after: delay, in: transaction)
            return "available"
        }
    }
}

/// How an attempt ends, in the database's words.
struct Settlement: Hashable, Sendable {
    enum Outcome: String, Hashable, Sendable {
        case succeeded, failed, cancelled, retry
    }

    var outcome: Outcome
    var note: FailureNote?
}

/// Why a job is handed back.
enum ReleaseOutcome: String, Hashable, Sendable {
    /// The process stops.
    case interrupted
    case noPlace = "no_place"
}
