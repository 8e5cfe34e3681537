package import FoundationEssentials
package import Postgres

/// Reads when checks are due.
package enum SchedulesReader {
    /// The schedule `default`; nil before a scheduler or `apply` made it.
    package static func schedule(in transaction: borrowing Transaction) throws -> ScheduleLine? {
        try transaction.first(
            """
            select s.schedule_name, s.cron, s.time_zone, extract(epoch from s.spread)::int as spread, s.next_slot_at,
                   driftwatch.clock() as now, s.last_slot_at, s.paused_at, s.paused_by, s.paused_reason, s.overdue,
                   s.last_slot_jobs, s.held_by
            from driftwatch.upcoming_slots s where s.schedule_name = 'default'
            """, of: ScheduleLine.self)
    }

    /// The last slots of the schedule `default` that came due, the newest first.
    package static func slots(limit: Int, in transaction: borrowing Transaction) throws -> [SlotLine] {
        try transaction.rows(
            """
            select k.slot_at, k.fired_at, k.enqueued, k.completed_at, k.skipped, k.why_skipped
            from driftwatch.recent_slots k where k.schedule_name = 'default' order by k.slot_at desc limit \(limit)
            """, of: SlotLine.self)
    }
}

/// One slot that came due, and what became of it.
package struct SlotLine: Hashable, Sendable, RowDecodable {
    package var slotAt: Date
    /// Nil if it was skipped.
    package var firedAt: Date?
    package var jobs: Int
    package var completedAt: Date?
    /// Why it did not fire: a word, and in words.
    package var skipped: String?
    package var whySkipped: String?

    package init(row: Row) throws {
        slotAt = try row.column("slot_at")
        firedAt = try row.column("fired_at")
        jobs = try row.column("enqueued")
        completedAt = try row.column("completed_at")
        skipped = try row.column("skipped")
        whySkipped = try row.column("why_skipped")
    }
}

/// One schedule, and when it is due.
package struct ScheduleLine: Hashable, Sendable, RowDecodable {
    package var name: String
    package var cron: String
    package var timeZone: String
    /// Over how many seconds the starts of a slot's jobs are spread.
    package var spreadSeconds: Int
    /// Nil until a scheduler has looked at the row.
    package var nextSlotAt: Date?
    /// When this was read, by the database's clock.
    package var now: Date
    package var lastSlotAt: Date?
    package var pausedAt: Date?
    package var pausedBy: String?
    package var pausedReason: String?
    /// The next slot has waited for a scheduler for more than two minutes, or nobody has computed it for that long.
    package var isOverdue: Bool
    package var lastSlotJobs: Int?
    /// The session that holds the row: no scheduler can fire a slot before it ends.
    package var heldBy: String?

    package init(row: Row) throws {
        name = try row.column("schedule_name")
        cron = try row.column("cron")
        timeZone = try row.column("time_zone")
        spreadSeconds = try row.column("spread")
        nextSlotAt = try row.column("next_slot_at")
        now = try row.column("now")
        lastSlotAt = try row.column("last_slot_at")
        pausedAt = try row.column("paused_at")
        pausedBy = try row.column("paused_by")
        pausedReason = try row.column("paused_reason")
        isOverdue = try row.column("overdue")
        lastSlotJobs = try row.column("last_slot_jobs")
        heldBy = try row.column("held_by")
    }
}
