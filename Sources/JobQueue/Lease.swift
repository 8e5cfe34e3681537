import Foundation
import Logging
import Postgres
import Runtime
import Synchronization

/// A lease's token: a uuid made by the database, compared by equality.
///
/// It is the fence: every function that writes about a running job compares it, so that a worker that was wrongly thought dead
/// cannot overwrite the work of its successor. An attempt number would not be enough, because the number of an attempt that is
/// handed back is used again.
typealias LeaseToken = UUID

/// The right to write how an attempt ends: made by its claim, used up by ``end(as:in:while:logger:)``.
struct Lease: ~Copyable, Sendable {
    let jobID: Int64
    let token: LeaseToken

    fileprivate init(_ job: Int64, _ token: LeaseToken) {
        jobID = job
        self.token = token
    }

    /// Ends the attempt and runs its effects, in one transaction whose first statement is the fence.
    ///
    /// Returns the job's new state, or nil if the lease is lost: another worker may have the job. If the database refuses the
    /// effects for good, the attempt ends as a fault without them.
    ///
    /// - Throws: Database errors that do not pass, and any error if the task is cancelled while the database cannot be reached.
    consuming func end(
        as ending: Ending, in store: QueueStore, while control: JobControl, logger: Logger
    ) async throws -> String? {
        do {
            let state = try await write(ending, to: store, while: control)
            // Another state is that of an attempt that somebody else ended.
            if state == "succeeded" { ending.announcement?() }
            return state
        } catch  where ending.effects != nil && !Task.isCancelled {
            logger.error("the job's effects were refused", metadata: ["error": "\(error)"])
            return try await write(.refused(error), to: store, while: control)
        }
    }

    /// Repeats the write until it is known to be committed, or the lease is lost.
    ///
    /// Cancelling the task does not cancel the write: results must be stored even while the process stops. It only ends
    /// the wait for a database that cannot be reached.
    private func write(_ ending: Ending, to store: QueueStore, while control: JobControl) async throws -> String? {
        // The reply to a commit was lost: it may stand by now, or may stand later.
        var mayStand = false
        do {
            return try await insist {
                if mayStand {
                    let state = try await store.state(under: token, of: jobID)
                    if state != "running" { return state }
                }
                guard control.mayWrite else { return nil }
                do {
                    return try await store.end(jobID, under: token, as: ending)
                } catch let error as DatabaseError where error.sqlState == .leaseLost {
                    // Perhaps to its own earlier commit.
                    return mayStand ? try await store.state(under: token, of: jobID) : nil
                } catch let error as DatabaseError where error.mayHaveCommitted {
                    mayStand = true
                    throw error
                }
            } whileHopeful: { error in
                guard let error = error as? DatabaseError, error.isTransient else { return false }
                return control.mayWrite || error.mayHaveCommitted
            }
        } catch let error as DatabaseError where error.isTransient && !control.mayWrite {
            return nil
        }
    }
}

/// A job that this worker has claimed, with its lease.
final class Claim: Sendable {
    let job: Job
    /// Names the claim; it gives no right to write.
    let token: LeaseToken
    /// Just before the claim was sent.
    let at: ContinuousClock.Instant
    private let lease: Mutex<Lease?>

    init(_ job: Job, _ token: LeaseToken, at: ContinuousClock.Instant) {
        self.job = job
        self.token = token
        self.at = at
        lease = Mutex(Lease(job.id, token))
    }

    /// The lease, the first time; then nil.
    func takeLease() -> Lease? { lease.withLock { $0.take() } }
}
