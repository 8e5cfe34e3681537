package import FoundationEssentials
package import Postgres

/// Reads when checks are due.
package enum SchedulesReader {
    /// The schedule `default`; nil before a scheduler or `apply` made it.
    package static func schedule(in transaction: borrowing Transaction) throws -> ScheduleLine? {
        try transaction.first(
            """
            select s.schedule_name, s.cron, s.time_zone, s.next_slot_at, s.last_slot_at, s.paused_at, s.paused_by,
                   driftwatch.is_overdue(s.next_slot_at, s.updated_at, s.paused_at) as overdue,
                   (select l.enqueued from driftwatch.slots l
                    where l.schedule_name = s.schedule_name and l.slot_at = s.last_slot_at) as last_slot_jobs,
                   (select u.held_by from driftwatch.upcoming_slots u where u.schedule_name = s.schedule_name) as held_by
            from driftwatch.schedules s where s.schedule_name = 'default'
            """, of: ScheduleLine.self)
    }
}

/// One schedule, and when it is due.
package struct ScheduleLine: Hashable, Sendable, RowDecodable {
    package var name: String
    package var cron: String
    package var timeZone: String
    /// Nil until a scheduler has looked at the row.
    package var nextSlotAt: Date?
    package var lastSlotAt: Date?
    package var pausedAt: Date?
    package var pausedBy: String?
    /// The next slot has waited for a scheduler for more than two minutes, or nobody has computed it for that long.
    package var isOverdue: Bool
    package var lastSlotJobs: Int?
    /// The session that holds the row: no scheduler can fire a slot before it ends.
    package var heldBy: String?

    package init(row: Row) throws {
        name = try row.column("schedule_name")
        cron = try row.column("cron")
        timeZone = try row.column("time_zone")
        nextSlotAt = try row.column("next_slot_at")
        lastSlotAt = try row.column("last_slot_at")
        pausedAt = try row.column("paused_at")
        pausedBy = try row.column("paused_by")
        isOverdue = try row.column("overdue")
        lastSlotJobs = try row.column("last_slot_jobs")
        heldBy = try row.column("held_by")
    }
}
