import Foundation
import Postgres

/// A lease's token: a uuid made by the database, compared by equality.
typealias LeaseToken = UUID

/// The queue's functions in the database, as Swift calls (`sql/functions/f10_claim.sql`).
struct QueueStore: Sendable {
    let database: Database

    func claim(
        for worker: String, queues: [String], atMost count: Int, rescued: Int, lease: Duration,
        timeLimit: Duration
    ) async throws -> [(job: Job, token: LeaseToken)] {
        let rows = try await database.rows(
            """
            select job_id, server_id, schedule_name, attempt, max_attempts, rescues, lease_token
            from driftwatch.claim_jobs(\(worker), \(queues), \(count), \(rescued), \(lease), \(timeLimit))
            """,
            as: (Int64, String?, String?, Int, Int, Int, UUID).self)
        return rows.map { id, key, schedule, attempt, maxAttempts, rescues, token in
            let job = Job(
                id: id, key: key, schedule: schedule, attempt: attempt, maxAttempts: maxAttempts, rescues: rescues)
            return (job, token)
        }
    }

    /// Which of the leases still hold, and whether somebody asked to cancel their job.
    func renew(_ leases: [LeaseToken: Int64], of worker: String, for lease: Duration) async throws
        -> [LeaseToken: Bool]
    {
        let rows = try await database.rows(
            """
            select lease_token, cancel_requested
            from driftwatch.renew_leases(\(worker), \(Array(leases.values)), \(Array(leases.keys)), \(lease))
            """,
            as: (UUID, Bool).self)
        return Dictionary(rows, uniquingKeysWith: { first, _ in first })
    }

    func promote() async throws -> Int {
        try await database.rows("select driftwatch.promote_jobs()", as: Int.self).first ?? 0
    }

    struct Rescued: Sendable {
        var jobID: Int64
        var key: String?
        var worker: String
        var rescues: Int
        var state: String
    }

    func rescue() async throws -> [Rescued] {
        try await database.rows(
            "select job_id, server_id, worker_id, rescues, state from driftwatch.rescue_jobs()",
            as: (Int64, String?, String, Int, String).self
        ).map { Rescued(jobID: $0, key: $1, worker: $2, rescues: $3, state: $4) }
    }

    static func settle(
        _ job: Int64, _ token: LeaseToken, as settlement: Settlement, in transaction: borrowing Transaction
    ) throws -> String {
        try transaction.one(
            """
            select driftwatch.settle_job(
                \(job), \(token), \(settlement.outcome.rawValue), \(settlement.note?.label), \(settlement.note?.message))
            """,
            as: String.self)
    }

    static func release(
        _ job: Int64, _ token: LeaseToken, _ outcome: ReleaseOutcome, after delay: Duration,
        in transaction: borrowing Transaction
    ) throws {
        _ = try transaction.execute(
            "select driftwatch.release_job(\(job), \(token), \(outcome.rawValue), \(delay))")
    }

    /// Repeats a write that is fenced by `token` until it is known to be committed, or the lease is lost.
    ///
    /// Cancelling the task does not cancel the write: results must be stored even while the process stops. It only ends
    /// the wait for a database that cannot be reached.
    func fenced(
        _ job: Int64, _ token: LeaseToken, while control: JobControl,
        _ write: @escaping @Sendable (borrowing Transaction) throws -> String
    ) async throws -> Lease.Ending {
        var delays = Backoff()
        // The reply to a commit was lost: the write may be committed, or may be committed later.
        var mayStand = false
        while true {
            do {
                if mayStand, let ending = try await ending(of: job, under: token) { return ending }
                guard control.mayWrite else { return .lost }
                return .done(state: try await database.withTransaction(cancellation: .shielded, write))
            } catch let error as DatabaseError where error.sqlState == .leaseLost {
                // If the earlier commit worked, this call lost the lease to itself: ask the database.
                guard mayStand else { return .lost }
            } catch let error as DatabaseError where error.isTransient {
                mayStand = mayStand || error.mayHaveCommitted
                guard control.mayWrite || error.mayHaveCommitted else { return .lost }
                // Real time on purpose: this waits for the database.
                try await Task.sleep(for: delays.next())
            }
        }
    }

    /// How the attempt under `token` ended; nil while it holds the job.
    private func ending(of job: Int64, under token: LeaseToken) async throws -> Lease.Ending? {
        let state = try await database.withTransaction(access: .readOnly, cancellation: .shielded) { transaction in
            try transaction.first("select driftwatch.job_state_under(\(job), \(token))", as: String?.self) ?? nil
        }
        guard let state else { return .lost }
        return state == "running" ? nil : .done(state: state)
    }
}
