package import Foundation
package import Postgres

/// The scheduler's verbs (`sql/functions/f12_slots.sql`).
package enum SlotStore {
    package static let defaultSchedule = "default"

    /// A schedule that is due, or has no slot yet; its row is locked.
    package struct Due: Sendable {
        package var name: String
        package var cron: String
        package var timeZone: String
        package var nextSlot: Date?
        /// When somebody last set the schedule: without a next slot, the first one after this is due.
        package var setAt: Date
        package var isPaused: Bool
        package var now: Date
    }

    /// Why a slot does not fire; `slots.skipped`.
    package enum SkipReason: String, Sendable {
        case paused
        case tooOld = "too_old"
        /// A later slot was due as well.
        case overtaken
    }

    package static func lockDue(in transaction: borrowing Transaction) throws -> [Due] {
        try transaction.rows(
            """
            select schedule_name, cron, time_zone, next_slot_at, set_at, paused, now
            from driftwatch.lock_due_schedules()
            """, as: (String, String, String, Date?, Date, Bool, Date).self
        ).map { Due(name: $0, cron: $1, timeZone: $2, nextSlot: $3, setAt: $4, isPaused: $5, now: $6) }
    }

    /// Where a schedule goes on.
    package struct Cursor: Sendable {
        /// The slot that is due next, and the one after it.
        package var next: Date
        package var following: Date
        /// The slot before the latest one that was due, if it was missed as well.
        package var dueBefore: Date?

        package init(next: Date, following: Date, dueBefore: Date? = nil) {
            self.next = next
            self.following = following
            self.dueBefore = dueBefore
        }
    }

    /// Moves a schedule on without firing.
    ///
    /// `missed` is the latest slot that was due; nil for a new schedule.
    package static func advance(
        _ schedule: String, to cursor: Cursor, missing missed: Date? = nil, in transaction: borrowing Transaction
    ) throws {
        _ = try transaction.execute(
            """
            select driftwatch.advance_schedule(
                \(schedule), \(cursor.next), \(cursor.following), \(missed), \(cursor.dueBefore))
            """)
    }

    /// A schedule whose next slot is still to come.
    package struct Waiting: Sendable {
        package var name: String
        package var cron: String
        package var timeZone: String
        package var nextSlot: Date
        /// Nil until a scheduler has computed it.
        package var followingSlot: Date?
        /// The latest slot that was due.
        package var lastDue: Date?
        package var setAt: Date
        package var now: Date
    }

    package static func waiting(in transaction: borrowing Transaction) throws -> [Waiting] {
        try transaction.rows(
            """
            select schedule_name, cron, time_zone, next_slot_at, following_slot_at, last_due_at, set_at, now
            from driftwatch.waiting_schedules()
            """, as: (String, String, String, Date, Date?, Date?, Date, Date).self
        ).map {
            Waiting(
                name: $0, cron: $1, timeZone: $2, nextSlot: $3, followingSlot: $4, lastDue: $5, setAt: $6, now: $7)
        }
    }

    /// False if somebody else has moved or set the schedule meanwhile.
    package static func move(
        _ waiting: Waiting, to cursor: Cursor, in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.one(
            """
            select driftwatch.move_slot(
                \(waiting.name), \(waiting.nextSlot), \(waiting.setAt), \(cursor.next), \(cursor.following))
            """, as: Bool.self)
    }

    package static func skip(
        _ slots: [Date], of schedule: String, because reason: SkipReason, in transaction: borrowing Transaction
    ) throws {
        guard !slots.isEmpty else { return }
        try transaction.execute("select driftwatch.skip_slots(\(schedule), \(slots), \(reason.rawValue))")
    }

    /// Returns how many jobs the slot made.
    package static func fire(
        _ slot: Date, of schedule: String, then cursor: Cursor, in transaction: borrowing Transaction
    ) throws -> Int {
        try transaction.one(
            """
            select driftwatch.fire_slot(
                \(schedule), \(slot), \(cursor.next), \(cursor.following), \(cursor.dueBefore))
            """, as: Int.self)
    }

    /// The schedule in the database; if there is none, it is created from these values.
    package static func seed(
        cron: String, timeZone: String, in transaction: borrowing Transaction
    ) throws -> (cron: String, timeZone: String) {
        try transaction.one(
            "select cron, time_zone from driftwatch.seed_schedule(\(defaultSchedule), \(cron), \(timeZone))",
            as: (String, String).self)
    }
}
