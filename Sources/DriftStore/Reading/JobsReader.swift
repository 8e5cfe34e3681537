package import DriftCore
package import FoundationEssentials
package import Postgres

/// Reads jobs, their attempts, and the checks that came of them.
package enum JobsReader {
    /// The newest first; `states` empty means all.
    package static func list(
        states: [String] = [], server: ServerID? = nil, queue: String? = nil, limit: Int = 50,
        in transaction: borrowing Transaction
    ) throws -> [JobLine] {
        try transaction.rows(
            """
            \(selection) where \(condition(states, server, queue)) order by j.job_id desc limit \(limit)
            """, of: JobLine.self)
    }

    /// Only of what is given, so that a plan made for any values still finds a server's jobs by its index.
    private static func condition(_ states: [String], _ server: ServerID?, _ queue: String?) -> SQL {
        var condition: SQL = "true"
        if !states.isEmpty { condition = "\(condition) and j.state = any(\(states))" }
        if let server { condition = "\(condition) and j.server_id = \(server)" }
        if let queue { condition = "\(condition) and j.queue = \(queue)" }
        return condition
    }

    package static func job(_ id: Int64, in transaction: borrowing Transaction) throws -> JobLine? {
        try transaction.first("\(selection) where j.job_id = \(id)", of: JobLine.self)
    }

    /// Those of `ids` that have finished.
    package static func over(of ids: [Int64], in transaction: borrowing Transaction) throws -> [JobLine] {
        try transaction.rows(
            "\(selection) where j.job_id = any(\(ids)::bigint[]) and j.finished_at is not null order by j.job_id",
            of: JobLine.self)
    }

    /// Those of `ids` that have not finished, with their progress.
    package static func underWay(of ids: [Int64], in transaction: borrowing Transaction) throws -> [JobUnderWay] {
        try transaction.rows(
            """
            select j.job_id, j.server_id, j.queue, j.state, j.attempt, j.max_attempts,
                   case j.state when 'retryable' then j.last_error end as last_error
            from driftwatch.all_jobs j where j.job_id = any(\(ids)::bigint[]) and j.finished_at is null order by j.server_id
            """, of: JobUnderWay.self)
    }

    /// Due jobs that every worker skips, because another session holds their rows; the first of them.
    package static func held(in transaction: borrowing Transaction) throws -> [(id: Int64, why: String)] {
        try transaction.rows(
            """
            select q.job_id, q.why from driftwatch.queue_stuck q
            where q.blocker_pid is not null order by q.job_id limit 5
            """, as: (Int64, String).self
        ).map { (id: $0, why: $1) }
    }

    /// Every claim of a job, the first one first.
    package static func attempts(of id: Int64, in transaction: borrowing Transaction) throws -> [JobAttempt] {
        try transaction.rows(
            """
            select a.attempt, a.worker_id, a.started_at, a.ended_at, a.outcome, a.error_class, a.error
            from driftwatch.attempts a where a.job_id = \(id) order by a.started_at, a.attempt
            """, of: JobAttempt.self)
    }

    /// What people did to a job, the first thing first.
    package static func interventions(
        in job: Int64, in transaction: borrowing Transaction
    ) throws -> [JobIntervention] {
        try transaction.rows(
            """
            select a.at, a.actor, a.action, (a.detail ->> 'job_id')::bigint
            from driftwatch.audit_trail a where a.subject = \("job \(job)") order by a.audit_id
            """, as: (Date, String, String, Int64?).self
        ).map { JobIntervention(at: $0, actor: $1, action: $2, newJob: $3) }
    }

    /// Why a job does not move; nil if it does, or is over.
    package static func obstacle(to job: Int64, in transaction: borrowing Transaction) throws -> String? {
        try transaction.first("select s.why from driftwatch.queue_stuck s where s.job_id = \(job)", as: String.self)
    }

    /// The checks that a job wrote, by pack.
    package static func checks(of id: Int64, in transaction: borrowing Transaction) throws -> [JobCheck] {
        try transaction.rows(
            """
            select c.check_id, c.server_id, c.pack_name, c.verdict, c.reason, c.item_count, c.ok_count,
                   c.mismatch_count, c.unreadable_count, c.waived_count, c.due_count, c.checked_at, c.duration_ms
            from driftwatch.all_checks c where c.job_id = \(id) order by c.pack_name
            """, of: JobCheck.self)
    }

    private static let selection: SQL = """
        select j.job_id, j.queue, j.kind, j.server_id, j.schedule_name, j.slot_at, j.state, j.priority, j.run_at,
               j.attempt, j.max_attempts, j.rescues, j.retry_of, j.worker_id, j.claimed_at, j.lease_expires_at, j.deadline_at,
               j.cancel_requested_at, j.last_error, j.requested_by, j.created_at, j.finished_at
        from driftwatch.all_jobs j
        """
}

/// One job, as it stands.
package struct JobLine: Hashable, Sendable, RowDecodable {
    package var id: Int64
    package var queue: String
    package var kind: String
    package var serverID: ServerID?
    package var scheduleName: String?
    package var slotAt: Date?
    package var state: String
    package var priority: Int
    package var runAt: Date
    package var attempt: Int
    package var maxAttempts: Int
    package var rescues: Int
    /// The job that this one repeats.
    package var retryOf: Int64?
    package var workerID: String?
    package var claimedAt: Date?
    package var leaseExpiresAt: Date?
    package var deadlineAt: Date?
    package var cancelRequestedAt: Date?
    package var lastError: String?
    package var requestedBy: String?
    package var createdAt: Date
    package var finishedAt: Date?

    package var isOver: Bool { finishedAt != nil }

    package init(row: Row) throws {
        id = try row.column("job_id")
        queue = try row.column("queue")
        kind = try row.column("kind")
        serverID = try row.column("server_id")
        scheduleName = try row.column("schedule_name")
        slotAt = try row.column("slot_at")
        state = try row.column("state")
        priority = try row.column("priority")
        runAt = try row.column("run_at")
        attempt = try row.column("attempt")
        maxAttempts = try row.column("max_attempts")
        rescues = try row.column("rescues")
        retryOf = try row.column("retry_of")
        workerID = try row.column("worker_id")
        claimedAt = try row.column("claimed_at")
        leaseExpiresAt = try row.column("lease_expires_at")
        deadlineAt = try row.column("deadline_at")
        cancelRequestedAt = try row.column("cancel_requested_at")
        lastError = try row.column("last_error")
        requestedBy = try row.column("requested_by")
        createdAt = try row.column("created_at")
        finishedAt = try row.column("finished_at")
    }
}

/// One unfinished job, with only what somebody who waits for it needs to know.
package struct JobUnderWay: Hashable, Sendable, RowDecodable {
    package var id: Int64
    package var serverID: ServerID?
    package var queue: String
    package var state: String
    package var attempt: Int
    package var maxAttempts: Int
    /// Why the last attempt did not finish; nil if none has failed.
    package var lastError: String?

    package var isRunning: Bool { state == "running" }

    package init(row: Row) throws {
        id = try row.column("job_id")
        serverID = try row.column("server_id")
        queue = try row.column("queue")
        state = try row.column("state")
        attempt = try row.column("attempt")
        maxAttempts = try row.column("max_attempts")
        lastError = try row.column("last_error")
    }
}

/// What a person did to a job.
package struct JobIntervention: Hashable, Sendable {
    package var at: Date
    package var actor: String
    /// `cancel_job` or `retry_job`.
    package var action: String
    /// The job that repeats it.
    package var newJob: Int64?
}

/// One claim of a job, and how it ended.
package struct JobAttempt: Hashable, Sendable, RowDecodable {
    package var attempt: Int
    package var workerID: String
    package var startedAt: Date
    package var endedAt: Date?
    package var outcome: String?
    package var errorClass: String?
    package var error: String?

    package init(row: Row) throws {
        attempt = try row.column("attempt")
        workerID = try row.column("worker_id")
        startedAt = try row.column("started_at")
        endedAt = try row.column("ended_at")
        outcome = try row.column("outcome")
        errorClass = try row.column("error_class")
        error = try row.column("error")
    }
}

/// One check that a job made.
package struct JobCheck: Hashable, Sendable, RowDecodable {
    package var id: Int64
    package var serverID: ServerID
    package var packName: PackName
    package var verdict: Verdict
    package var reason: String?
    package var itemCount: Int
    package var okCount: Int
    package var mismatchCount: Int
    package var unreadableCount: Int
    package var waivedCount: Int
    package var dueCount: Int
    package var checkedAt: Date
    package var durationMilliseconds: Int?

    package init(row: Row) throws {
        id = try row.column("check_id")
        serverID = try row.column("server_id")
        packName = try row.column("pack_name")
        verdict = try row.column("verdict")
        reason = try row.column("reason")
        itemCount = try row.column("item_count")
        okCount = try row.column("ok_count")
        mismatchCount = try row.column("mismatch_count")
        unreadableCount = try row.column("unreadable_count")
        waivedCount = try row.column("waived_count")
        dueCount = try row.column("due_count")
        checkedAt = try row.column("checked_at")
        durationMilliseconds = try row.column("duration_ms")
    }
}
