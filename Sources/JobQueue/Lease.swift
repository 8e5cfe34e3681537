import Logging
import Postgres

/// The right to write about a job, until one of ``settle(as:effects:until:)`` and ``release(_:after:until:)`` uses it up.
///
/// The token is the fence: the database compares it in every verb, so that a worker that was thought dead and was not
/// cannot write over its successor. A number that counts attempts would not do, as attempts are refunded.
struct Lease: ~Copyable {
    let jobID: Int64
    let token: LeaseToken

    /// How the writing ended.
    enum Ending: Hashable, Sendable {
        /// Committed, with the job's new state.
        case done(state: String)
        /// Somebody else holds the job now; nothing was written.
        case lost
    }

    /// Ends the attempt and runs its effects, in one transaction whose first statement is the fence.
    ///
    /// A fault of the connection is waited out while `control` still believes in the lease. Where the reply to a
    /// commit was lost, the database is asked what became of it before anything is repeated.
    ///
    /// - Throws: any error of the effects, and those of the database that waiting does not mend.
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

    /// Hands the job back, its attempt refunded.
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
