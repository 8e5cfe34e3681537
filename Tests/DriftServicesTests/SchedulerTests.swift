import Cron
import DriftCore
import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// Slots, from the schedule's row to the jobs.
@Suite(.timeLimit(.minutes(2)))
struct SchedulerTests {
    static func scheduler(on database: Database) throws -> Scheduler {
        let seed = try Schedule(cron: "0 6 * * *", timeZone: "UTC")
        return Scheduler(
            database: database, settings: SchedulerSettings(seed: seed, seedIsExplicit: false), logger: .quiet)
    }

    /// Puts the database's clock to `text`, which is UTC.
    static func set(_ database: Database, clock text: String) async throws {
        try await database.execute(
            "update driftwatch.test_clock set shift = \(text)::text::timestamptz - clock_timestamp()")
    }

    static func prepare(_ database: Database, servers: [String], now: String) async throws -> Scheduler {
        for server in servers { try await database.makeServer(server) }
        try await set(database, clock: now)
        try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
        let scheduler = try scheduler(on: database)
        #expect(try await scheduler.fireDueSlots() == 0, "the first look only tells when the next slot is")
        return scheduler
    }

    @Test
    func everySlotMakesOneJobPerServerHoweverManySchedulersRun() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepare(
                database, servers: ["a", "b", "c"], now: "2026-11-23 05:59:30+00")
            for day in 23...25 {
                try await Self.set(database, clock: "2026-11-\(day) 06:00:01+00")
                let made = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<5 { group.addTask { try await scheduler.fireDueSlots() } }
                    return try await group.reduce(0, +)
                }
                #expect(made == 3)
            }
            let slots = try await database.rows(
                "select count(*)::int, count(distinct slot_at)::int, min(enqueued) from driftwatch.slots",
                as: (Int, Int, Int).self)[0]
            #expect(slots == (3, 3, 3))
            #expect(
                try await database.rows(
                    "select count(*)::int from driftwatch.jobs where state = 'cancelled'", as: Int.self) == [6],
                "older slots' jobs that still waited are superseded")
            #expect(
                try await database.rows(
                    "select count(*)::int from driftwatch.checks where reason = 'superseded'", as: Int.self) == [6])
        }
    }

    @Test
    func onlyEligibleServersGetAJob() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepare(
                database, servers: ["on", "held", "held-until", "off", "gone"], now: "2026-11-23 05:00:00+00")
            try await database.makeServer("bare", packs: [:])
            try await database.execute("select driftwatch.disable_drift_detection('held', 'moving')")
            try await database.execute(
                "select driftwatch.disable_drift_detection('held-until', 'moving', '2026-11-23 05:30:00+00')")
            try await database.execute(
                "update driftwatch.servers set drift_detection_enabled = false where server_id = 'off'")
            try await database.execute("select driftwatch.remove_server('gone', 'test')")
            try await Self.set(database, clock: "2026-11-23 06:00:00+00")
            _ = try await scheduler.fireDueSlots()
            let servers = try await database.rows("select server_id from driftwatch.jobs order by 1", as: String.self)
            #expect(servers == ["held-until", "on"])
        }
    }

    @Test(arguments: [("2026-11-26 17:59:00+00", 1), ("2026-11-26 18:01:00+00", 0)])
    func afterDowntimeTheLatestSlotRunsOnceIfItIsYoung(now: String, jobs: Int) async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepare(database, servers: ["a"], now: "2026-11-23 05:00:00+00")
            try await Self.set(database, clock: now)
            #expect(try await scheduler.fireDueSlots() == jobs)
            #expect(try await scheduler.fireDueSlots() == 0)
            let next = try await database.rows("select next_slot_at from driftwatch.schedules", as: Date.self)
            #expect(next == [try Date("2026-11-27T06:00:00Z", strategy: .iso8601)])
        }
    }

    /// By what came due, not by what fired.
    @Test
    func slotsThatNobodyFiredMakeAVerdictStaleToo() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("a")
            try await Self.set(database, clock: "2026-11-02 05:00:00+00")  // a Monday
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * 1', 'UTC')")
            let scheduler = try Self.scheduler(on: database)
            _ = try await scheduler.fireDueSlots()
            func isStale(at now: String) async throws -> Bool? {
                try await Self.set(database, clock: now)
                return try await database.rows("select stale from driftwatch.fleet_status", as: Bool?.self)[0]
            }
            try await Self.set(database, clock: "2026-11-02 06:00:01+00")
            #expect(try await scheduler.fireDueSlots() == 1)
            try await database.execute(
                "update driftwatch.drift_states set last_checked_at = '2026-11-02 06:05:00+00'")
            #expect(try await isStale(at: "2026-11-09 06:30:00+00") != true, "one slot was missed")
            #expect(try await isStale(at: "2026-11-16 05:59:00+00") != true)
            #expect(try await isStale(at: "2026-11-16 06:00:01+00") == true, "and the second, with no scheduler at all")
            #expect(try await isStale(at: "2026-12-04 20:00:00+00") == true)
            #expect(try await scheduler.fireDueSlots() == 0, "the latest missed slot is too old to fire")
            #expect(
                try await database.rows(
                    "select count(fired_at)::int, count(skipped)::int from driftwatch.slots", as: (Int, Int).self)[0]
                    == (1, 4))
            #expect(try await isStale(at: "2026-12-05 20:00:00+00") == true, "a scheduler that is back mends nothing")
            try await database.execute(
                "update driftwatch.drift_states set last_checked_at = '2026-11-24 00:00:00+00'")
            #expect(try await isStale(at: "2026-12-06 20:00:00+00") == false)
            #expect(try await isStale(at: "2026-12-07 06:00:01+00") == true)
        }
    }

    @Test
    func anotherScheduleMakesNothingStaleThatItHadNotAskedFor() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepare(database, servers: ["a"], now: "2026-11-23 05:00:00+00")
            try await Self.set(database, clock: "2026-11-23 06:00:01+00")
            _ = try await scheduler.fireDueSlots()
            try await database.execute(
                "update driftwatch.drift_states set last_checked_at = driftwatch.clock()")
            func isStale() async throws -> Bool? {
                try await database.rows("select coalesce(stale, false) from driftwatch.fleet_status", as: Bool?.self)[0]
            }
            try await Self.set(database, clock: "2026-11-23 09:00:01+00")
            try await database.execute("select driftwatch.set_schedule('default', '* * * * *', 'UTC')")
            #expect(try await isStale() == false)
            _ = try await scheduler.fireDueSlots()
            #expect(try await isStale() == false)
            try await Self.set(database, clock: "2026-11-23 09:01:01+00")
            _ = try await scheduler.fireDueSlots()
            #expect(try await isStale() == false, "one slot of the new schedule")
            try await Self.set(database, clock: "2026-11-23 09:02:01+00")
            #expect(try await isStale() == true)
        }
    }

    @Test
    func aSpreadGivesEachServerItsOwnSteadyPlace() async throws {
        try await withMigratedDatabase { database in
            let servers = (1...40).map { "s\($0)" }
            let scheduler = try await Self.prepare(database, servers: servers, now: "2026-11-23 05:00:00+00")
            try await database.execute("update driftwatch.schedules set spread = interval '10 minutes'")
            for day in [23, 24] {
                try await Self.set(database, clock: "2026-11-\(day) 06:00:00+00")
                _ = try await scheduler.fireDueSlots()
                try await database.execute(
                    "update driftwatch.jobs set state = 'succeeded', finished_at = driftwatch.clock()")
            }
            let delays = try await database.rows(
                """
                select server_id, max(extract(epoch from run_at - created_at)), min(extract(epoch from run_at - created_at))
                from driftwatch.jobs group by server_id
                """, as: (String, Double, Double).self)
            #expect(delays.allSatisfy { $0.1 == $0.2 && $0.1 >= 0 && $0.1 < 600 })
            #expect(Set(delays.map { Int($0.1 / 60) }).count >= 6)
        }
    }

    @Test
    func aScheduleThatSomebodyMakesMeanwhileIsNotOverwritten() async throws {
        try await withMigratedDatabase { database in
            let started = AsyncStream<Void>.makeStream()
            async let applied: Void = database.withTransaction { transaction in
                try transaction.execute("select driftwatch.set_schedule('default', '30 5 * * *', 'Europe/Berlin')")
                started.continuation.yield()
                try transaction.waitUntilSomebodyWaits()
            }
            for await _ in started.stream { break }
            let (cron, timeZone) = try await database.withTransaction { transaction in
                try SlotStore.seed(cron: "0 6 * * *", timeZone: "UTC", in: transaction)
            }
            try await applied
            #expect((cron, timeZone) == ("30 5 * * *", "Europe/Berlin"))
            let stored = try await database.rows("select cron from driftwatch.schedules", as: String.self)
            #expect(stored == ["30 5 * * *"])
        }
    }

    @Test
    func aSlotThatIsDueFiresThoughTheScheduleIsChanged() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepare(database, servers: ["a"], now: "2026-11-23 05:00:00+00")
            try await Self.set(database, clock: "2026-11-23 06:00:01+00")
            try await database.execute("select driftwatch.set_schedule('default', '0 9 * * *', 'UTC')")
            #expect(try await scheduler.fireDueSlots() == 1)
            let slots = try await database.rows(
                "select last_slot_at, next_slot_at from driftwatch.schedules", as: (Date, Date).self)[0]
            #expect(slots.0 == (try Date("2026-11-23T06:00:00Z", strategy: .iso8601)))
            #expect(slots.1 == (try Date("2026-11-23T09:00:00Z", strategy: .iso8601)))
            // One that is not due yet is promised to nobody.
            try await database.execute("select driftwatch.set_schedule('default', '0 8 * * *', 'UTC')")
            #expect(try await database.rows("select next_slot_at from driftwatch.schedules", as: Date?.self) == [nil])
        }
    }

    @Test
    func aScheduleThatIsNotUnderstoodIsToldOnceAndIsOverdueSoon() async throws {
        try await withMigratedDatabase { database in
            let log = RecordedLog()
            let seed = try Schedule(cron: "0 6 * * *", timeZone: "UTC")
            let scheduler = Scheduler(
                database: database, settings: SchedulerSettings(seed: seed, seedIsExplicit: false),
                logger: log.logger)
            func isOverdue() async throws -> Bool? {
                try await database.read { try SchedulesReader.schedule(in: $0)?.isOverdue }
            }
            for zone in ["Mars/Base", "Venus/Base"] {
                try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', \(zone))")
                for _ in 0..<3 { #expect(try await scheduler.fireDueSlots() == 0) }
            }
            #expect(log.lines.count == 2)
            #expect(log.lines.allSatisfy { $0.facts["schedule.name"] == "default" })
            #expect(try await isOverdue() == false, "a scheduler has two minutes")
            try await database.advanceClock(by: .seconds(121))
            #expect(try await isOverdue() == true)
            try await database.execute("update driftwatch.schedules set paused_at = now()")
            #expect(try await isOverdue() == false)
        }
    }

    @Test
    func aSlotIsCompleteWhenItsLastJobIsOver() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await Self.prepare(database, servers: ["a"], now: "2026-11-23 05:00:00+00")
            try await Self.set(database, clock: "2026-11-23 06:00:00+00")
            _ = try await scheduler.fireDueSlots()
            #expect(try await database.rows("select driftwatch.complete_slots()", as: Int.self) == [0])
            try await database.execute(
                "update driftwatch.jobs set state = 'succeeded', finished_at = driftwatch.clock()")
            #expect(try await database.rows("select driftwatch.complete_slots()", as: Int.self) == [1])
        }
    }
}
