package import FoundationEssentials
package import Postgres

/// Reads the queues, and what is paused.
package enum QueuesReader {
    package static func list(in transaction: borrowing Transaction) throws -> [QueueLine] {
        try transaction.rows(
            """
            select h.queue, h.paused_at, p.paused_by, p.paused_reason, h.available, h.waiting, h.running,
                   extract(epoch from h.oldest_available)::float8 as oldest_available, h.workers_alive
            from driftwatch.queue_health h
            left join driftwatch.paused p on p.kind = 'queue' and p.name = h.queue
            order by h.queue
            """, of: QueueLine.self)
    }

    /// What is paused: the schedule, then queues by name.
    package static func pauses(in transaction: borrowing Transaction) throws -> [Pause] {
        try transaction.rows(
            """
            select case p.kind when 'queue' then p.name end, p.paused_at, p.paused_by, p.paused_reason
            from driftwatch.paused p where p.kind = 'queue' or (p.kind = 'schedule' and p.name = 'default')
            order by 1 nulls first
            """, as: (String?, Date, String?, String?).self
        ).map { Pause(queue: $0, at: $1, by: $2, reason: $3) }
    }
}

/// A queue, or the schedule, from which nothing new starts until somebody resumes it.
package struct Pause: Hashable, Sendable {
    /// Nil for the schedule.
    package var queue: String?
    package var at: Date
    package var by: String?
    package var reason: String?
}

/// One queue: who serves it, and what waits in it.
package struct QueueLine: Hashable, Sendable, RowDecodable {
    package var queue: String
    package var pausedAt: Date?
    package var pausedBy: String?
    package var pausedReason: String?
    /// Jobs that a worker could claim now.
    package var available: Int
    /// Jobs that are not due yet.
    package var waiting: Int
    package var running: Int
    /// How many seconds the oldest available job has waited.
    package var oldestAvailable: Double?
    package var workersAlive: Int

    package init(row: Row) throws {
        queue = try row.column("queue")
        pausedAt = try row.column("paused_at")
        pausedBy = try row.column("paused_by")
        pausedReason = try row.column("paused_reason")
        available = try row.column("available")
        waiting = try row.column("waiting")
        running = try row.column("running")
        oldestAvailable = try row.column("oldest_available")
        workersAlive = try row.column("workers_alive")
    }
}
