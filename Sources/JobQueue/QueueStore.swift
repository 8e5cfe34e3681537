import Foundation
import Postgres

/// The queue's functions in the database, as Swift calls (`sql/functions/f10_claim.sql`).
struct QueueStore: Sendable {
    let database: Database

    func claim(
        for worker: String, queues: [String], atMost count: Int, rescued: Int, lease: Duration,
        timeLimit: Duration
    ) async throws -> [Claim] {
        let at = ContinuousClock.now
        let rows = try await database.rows(
            """
            select job_id, server_id, schedule_name, attempt, max_attempts, rescues, lease_token
            from driftwatch.claim_jobs(\(worker), \(queues), \(count), \(rescued), \(lease), \(timeLimit))
            """,
            as: (Int64, String?, String?, Int, Int, Int, UUID).self)
        return rows.map { id, server, schedule, attempt, maxAttempts, rescues, token in
            let job = Job(
                id: id, serverID: server, schedule: schedule, attempt: attempt, maxAttempts: maxAttempts,
                rescues: rescues)
            return Claim(job, token, at: at)
        }
    }

    /// What became of a lease that still holds.
    struct Renewal: Hashable, Sendable {
        /// Somebody asked to cancel the job.
        var cancelRequested: Bool
        /// False while another session has locked the job's row: the lease ends when it would have ended anyway.
        var isExtended: Bool
    }

    /// Extends the leases, and returns those that still hold.
    func renew(_ leases: [LeaseToken: Int64], of worker: String, for lease: Duration) async throws
        -> [LeaseToken: Renewal]
    {
        let rows = try await database.rows(
            """
            select lease_token, cancel_requested, renewed
            from driftwatch.renew_leases(\(worker), \(Array(leases.values)), \(Array(leases.keys)), \(lease))
            """,
            as: (UUID, Bool, Bool).self)
        return Dictionary(
            rows.map { ($0, Renewal(cancelRequested: $1, isExtended: $2)) }, uniquingKeysWith: { first, _ in first })
    }

    func promote() async throws -> Int {
        try await database.rows("select driftwatch.promote_jobs()", as: Int.self).first ?? 0
    }

    /// A due job that every worker skips, because another session holds its row.
    struct HeldJob: Sendable, Identifiable {
        struct ID: Hashable, Sendable {
            var job: Int64
            var blockerPID: Int
        }

        var id: ID
        var serverID: String?
        var schedule: String?
        var why: String
    }

    func heldJobs() async throws -> [HeldJob] {
        try await database.rows(
            "select job_id, blocker_pid, server_id, schedule_name, why from driftwatch.held_jobs()",
            as: (Int64, Int, String?, String?, String).self
        ).map { HeldJob(id: .init(job: $0, blockerPID: $1), serverID: $2, schedule: $3, why: $4) }
    }

    struct Rescued: Sendable {
        var jobID: Int64
        var serverID: String?
        var schedule: String?
        var worker: String
        var rescues: Int
        var state: String
    }

    func rescue() async throws -> [Rescued] {
        try await database.rows(
            "select job_id, server_id, schedule_name, worker_id, rescues, state from driftwatch.rescue_jobs()",
            as: (Int64, String?, String?, String, Int, String).self
        ).map { Rescued(jobID: $0, serverID: $1, schedule: $2, worker: $3, rescues: $4, state: $5) }
    }

    /// Ends an attempt and runs its effects, in one transaction whose first statement is the fence; the job's new state.
    ///
    /// - Throws: `DatabaseError`, with `.leaseLost` if the token no longer holds the job; any error of the effects.
    func end(_ job: Int64, under token: LeaseToken, as ending: Ending) async throws -> String {
        let verb = Self.verb(ending, job, token)
        guard let effects = ending.effects else {
            return try await database.rows(verb, as: String.self, cancellation: .shielded)[0]
        }
        return try await database.withTransaction(cancellation: .shielded) { transaction in
            let state = try transaction.one(verb, as: String.self)
            try effects(transaction)
            return state
        }
    }

    private static func verb(_ ending: Ending, _ job: Int64, _ token: LeaseToken) -> SQL {
        func settle(_ outcome: String) -> SQL {
            "select driftwatch.settle_job(\(job), \(token), \(outcome), \(ending.note?.label), \(ending.note?.message))"
        }
        return switch ending.outcome {
        case .succeeded: settle("succeeded")
        case .failed: settle("failed")
        case .cancelled: settle("cancelled")
        case .retry: settle("retry")
        case .noPlace(let delay): "select driftwatch.release_job(\(job), \(token), \("no_place"), \(delay))"
        case .interrupted: "select driftwatch.release_job(\(job), \(token), \("interrupted"))"
        }
    }

    /// `running` while the token holds the job, then how the attempt ended; nil if the job was taken away.
    func state(under token: LeaseToken, of job: Int64) async throws -> String? {
        try await database.withTransaction(access: .readOnly, cancellation: .shielded) { transaction in
            try transaction.first("select driftwatch.job_state_under(\(job), \(token))", as: String?.self) ?? nil
        }
    }
}
