import Foundation
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// Slots that do not fire: a paused schedule, and what is left of slots that nobody fired.
@Suite(.timeLimit(.minutes(2)))
struct PauseTests {
    /// One server, a slot every day at 06:00, and the day's slot of the 23rd still to come.
    private static func prepared(_ database: Database) async throws -> Scheduler {
        try await SchedulerTests.prepare(database, servers: ["a"], now: "2026-11-23 05:00:00+00")
    }

    private static func slots(_ database: Database) async throws -> [String] {
        try await database.rows(
            """
            select to_char(slot_at at time zone 'UTC', 'DD HH24:MI') || ' ' || coalesce(skipped, 'fired')
            from driftwatch.slots order by slot_at
            """, as: String.self)
    }

    private static func pause(_ database: Database) async throws {
        try await database.execute("select driftwatch.pause_schedule('default', 'the data centre moves', 'ann')")
    }

    private static func resume(_ database: Database) async throws {
        try await database.execute("select driftwatch.resume_schedule('default', 'bob')")
    }

    @Test
    func aPausedScheduleSkipsWhatComesDueAndKnowsWhatComesNext() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepared(database)
            try await Self.pause(database)
            for day in 23...24 {
                try await SchedulerTests.set(database, clock: "2026-11-\(day) 06:00:01+00")
                #expect(try await scheduler.fireDueSlots() == 0)
            }
            #expect(try await Self.slots(database) == ["23 06:00 paused", "24 06:00 paused"])
            let (next, overdue) = try await database.rows(
                "select next_slot_at, overdue from driftwatch.upcoming_slots", as: (Date, Bool).self)[0]
            #expect(next == (try Date("2026-11-25T06:00:00Z", strategy: .iso8601)))
            #expect(!overdue)
            #expect(try await database.rows("select count(*)::int from driftwatch.jobs", as: Int.self) == [0])
        }
    }

    /// By the same rule as after any other interruption.
    @Test(arguments: [("2026-11-24 17:59:00+00", 1), ("2026-11-24 18:01:00+00", 0)])
    func afterAPauseTheLastSlotFiresIfItIsYoung(now: String, jobs: Int) async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepared(database)
            try await Self.pause(database)
            for day in 23...24 {
                try await SchedulerTests.set(database, clock: "2026-11-\(day) 06:00:01+00")
                _ = try await scheduler.fireDueSlots()
            }
            try await SchedulerTests.set(database, clock: now)
            try await Self.resume(database)
            #expect(try await scheduler.fireDueSlots() == jobs)
            #expect(try await scheduler.fireDueSlots() == 0)
            #expect(
                try await Self.slots(database) == ["23 06:00 paused", "24 06:00 \(jobs == 1 ? "fired" : "paused")"])
            let (next, stale) = try await database.rows(
                "select next_slot_at, stale_before from driftwatch.upcoming_slots", as: (Date, Date?).self)[0]
            #expect(next == (try Date("2026-11-25T06:00:00Z", strategy: .iso8601)))
            #expect(stale == (try Date("2026-11-23T06:00:00Z", strategy: .iso8601)))
            try await SchedulerTests.set(database, clock: "2026-11-25 06:00:00+00")
            #expect(try await scheduler.fireDueSlots() == 1)
        }
    }

    @Test
    func aPauseThatNoSlotFellIntoChangesNothing() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepared(database)
            try await SchedulerTests.set(database, clock: "2026-11-23 06:00:01+00")
            #expect(try await scheduler.fireDueSlots() == 1)
            try await Self.pause(database)
            try await SchedulerTests.set(database, clock: "2026-11-23 08:00:00+00")
            _ = try await scheduler.fireDueSlots()
            try await Self.resume(database)
            #expect(try await scheduler.fireDueSlots() == 0)
            #expect(try await Self.slots(database) == ["23 06:00 fired"])
        }
    }

    private static func nextSlot(_ database: Database) async throws -> [String] {
        try await database.rows(
            "select to_char(next_slot_at at time zone 'UTC', 'DD HH24:MI') from driftwatch.schedules", as: String.self)
    }

    @Test
    func aSlotThatFiredIsNotDueAgainAfterAPause() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepared(database)
            try await Self.pause(database)
            try await SchedulerTests.set(database, clock: "2026-11-23 06:00:01+00")
            _ = try await scheduler.fireDueSlots()
            try await SchedulerTests.set(database, clock: "2026-11-24 05:00:00+00")
            try await Self.resume(database)
            #expect(try await scheduler.fireDueSlots() == 0)
            try await SchedulerTests.set(database, clock: "2026-11-24 06:00:01+00")
            #expect(try await scheduler.fireDueSlots() == 1)
            try await Self.pause(database)
            try await Self.resume(database)
            #expect(try await Self.nextSlot(database) == ["25 06:00"])
            #expect(try await Self.slots(database) == ["23 06:00 paused", "24 06:00 fired"])
        }
    }

    @Test
    func aScheduleThatIsNotPausedIsNotResumed() async throws {
        try await withMigratedDatabase { database in
            _ = try await Self.prepared(database)
            let refusal = await #expect(throws: DatabaseError.self) { try await Self.resume(database) }
            #expect(refusal?.serverMessage == "the schedule is not paused")
        }
    }

    /// It was missed, and a scheduler saw it only during the pause.
    @Test
    func aSlotThatWasDueBeforeThePauseFiresAfterIt() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepared(database)
            try await SchedulerTests.set(database, clock: "2026-11-23 07:00:00+00")
            try await Self.pause(database)
            #expect(try await scheduler.fireDueSlots() == 0)
            #expect(try await Self.slots(database) == ["23 06:00 paused"])
            // A second pause, before a scheduler has seen the end of the first one.
            try await Self.resume(database)
            try await Self.pause(database)
            #expect(try await scheduler.fireDueSlots() == 0)
            try await SchedulerTests.set(database, clock: "2026-11-23 08:00:00+00")
            try await Self.resume(database)
            #expect(try await scheduler.fireDueSlots() == 1)
            #expect(try await Self.nextSlot(database) == ["24 06:00"])
        }
    }

    /// No scheduler runs: what came due since the last skipped slot counts.
    @Test
    func theEndOfAPauseMakesNoVerdictFreshAgain() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepared(database)
            try await Self.pause(database)
            try await SchedulerTests.set(database, clock: "2026-11-23 06:00:01+00")
            _ = try await scheduler.fireDueSlots()
            try await SchedulerTests.set(database, clock: "2026-11-25 06:00:01+00")
            let stale: SQL = "select stale_before from driftwatch.upcoming_slots"
            let before = try await database.rows(stale, as: Date?.self)
            #expect(before == [try Date("2026-11-24T06:00:00Z", strategy: .iso8601)])
            try await Self.resume(database)
            #expect(try await database.rows(stale, as: Date?.self) == before)
        }
    }

    @Test
    func slotsThatNobodyFiredLeaveRows() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepared(database)
            try await SchedulerTests.set(database, clock: "2026-11-26 07:00:00+00")
            #expect(try await scheduler.fireDueSlots() == 1)
            try await SchedulerTests.set(database, clock: "2026-11-28 20:00:00+00")
            #expect(try await scheduler.fireDueSlots() == 0)
            #expect(
                try await Self.slots(database) == [
                    "23 06:00 overtaken", "24 06:00 overtaken", "25 06:00 overtaken", "26 06:00 fired",
                    "27 06:00 too_old", "28 06:00 too_old",
                ])
            let shown = try await database.rows(
                "select why_skipped from driftwatch.recent_slots limit 1", as: String.self)
            #expect(shown == ["it was 12 hours old or older when a scheduler saw it"])
        }
    }

    /// Nobody looked while the time passed at which the new schedule is due for the first time.
    @Test
    func theFirstSlotAfterSettingAScheduleIsNotLost() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepared(database)
            try await SchedulerTests.set(database, clock: "2026-11-23 05:59:59+00")
            // The same values: the next slot is computed anew.
            #expect(
                try await database.rows("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')", as: Bool.self)
                    == [false])
            try await SchedulerTests.set(database, clock: "2026-11-23 06:00:01+00")
            #expect(try await scheduler.fireDueSlots() == 1)
        }
    }
}
