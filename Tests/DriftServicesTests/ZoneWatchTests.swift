import Cron
import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// The machine gets other rules for the zone of a schedule, in a folder of zones that is the test's own.
@Suite(.timeLimit(.minutes(2)))
struct ZoneWatchTests {
    private struct Site {
        var database: Database
        var folder: String
        var scheduler: Scheduler
        var watch: ZoneWatch

        /// Gives the zone `Test/Zone` the rules of another.
        func giveRules(of zone: String) throws {
            try FileManager.default.createDirectory(atPath: "\(folder)/Test", withIntermediateDirectories: true)
            let rules = try Data(contentsOf: URL(filePath: "\(ZoneRules.systemFolder)/\(zone)"))
            try rules.write(to: URL(filePath: "\(folder)/Test/Zone"), options: .atomic)
        }

        /// The next slot, and what follows it.
        func slots() async throws -> [String] {
            try await database.rows(
                """
                select driftwatch.rfc3339(t) from driftwatch.schedules s
                cross join unnest(array[s.next_slot_at, s.following_slot_at]) with ordinality x (t, n) order by n
                """, as: String.self)
        }

        func set(clock: String) async throws { try await SchedulerTests.set(database, clock: clock) }
    }

    /// At 06:00 in a zone with Berlin's rules, which is 05:00 UTC; it is `now`, and the scheduler has had its first look.
    private static func withSite(now: String, _ body: (Site) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "zones-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            var settings = SchedulerSettings(
                seed: try Schedule(cron: "0 6 * * *", timeZone: "UTC"), seedIsExplicit: false)
            settings.zoneFolder = folder.path(percentEncoded: false)
            let site = Site(
                database: database, folder: settings.zoneFolder,
                scheduler: Scheduler(database: database, settings: settings, logger: .quiet),
                watch: ZoneWatch(database: database, zonesIn: settings.zoneFolder, logger: .quiet))
            try site.giveRules(of: "Europe/Berlin")
            try await site.set(clock: now)
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'Test/Zone')")
            #expect(try await site.scheduler.fireDueSlots() == 0)
            try await site.watch.look()
            #expect(try await site.slots() == ["2026-11-24T05:00:00Z", "2026-11-25T05:00:00Z"])
            try await body(site)
        }
    }

    @Test(arguments: [
        ("Europe/Helsinki", ["2026-11-24T04:00:00Z", "2026-11-25T04:00:00Z"]),
        ("Europe/London", ["2026-11-24T06:00:00Z", "2026-11-25T06:00:00Z"]),
    ])
    func theNextSlotFollowsTheNewRules(zone: String, slots: [String]) async throws {
        try await Self.withSite(now: "2026-11-24 03:00:00+00") { site in
            try site.giveRules(of: zone)
            try await site.watch.look()
            #expect(try await site.slots() == slots)
            let audit = try await site.database.rows(
                "select concat_ws(' ', actor, subject, detail) from driftwatch.audit_log where action = 'move_slot'",
                as: String.self)
            #expect(
                audit == [
                    #"driftwatch schedule default {"before": "2026-11-24T05:00:00Z", "next_slot": "\#(slots[0])"}"#
                ])
        }
    }

    /// Another schedule, set in the same moment for the same slot, has a zone whose rules are as they were.
    @Test
    func onlySchedulesOfThatZoneMove() async throws {
        try await Self.withSite(now: "2026-11-24 03:00:00+00") { site in
            try await site.database.execute(
                """
                insert into driftwatch.schedules (schedule_name, cron, time_zone, next_slot_at, following_slot_at, updated_at)
                select 'other', '0 5 * * *', 'UTC', next_slot_at, following_slot_at, updated_at from driftwatch.schedules
                """)
            try site.giveRules(of: "Europe/London")
            try await site.watch.look()
            let moved = try await site.database.rows(
                """
                select schedule_name || ' ' || driftwatch.rfc3339(next_slot_at) from driftwatch.schedules order by 1
                """, as: String.self)
            #expect(moved == ["default 2026-11-24T06:00:00Z", "other 2026-11-24T05:00:00Z"])
        }
    }

    /// The first look after a start sees what changed while no scheduler ran.
    @Test
    func aNewProcessCorrectsWhatAnOldOneStored() async throws {
        try await Self.withSite(now: "2026-11-24 03:00:00+00") { site in
            try site.giveRules(of: "Europe/London")
            try await ZoneWatch(database: site.database, zonesIn: site.folder, logger: .quiet).look()
            #expect(try await site.slots().first == "2026-11-24T06:00:00Z")
        }
    }

    /// Six o'clock was half an hour ago by the new rules: it has not fired, and does now, once.
    @Test
    func aSlotThatHasPassedByTheNewRulesFiresLate() async throws {
        try await Self.withSite(now: "2026-11-24 03:00:00+00") { site in
            try await site.set(clock: "2026-11-24 04:30:00+00")
            try site.giveRules(of: "Europe/Helsinki")
            try await site.watch.look()
            #expect(try await site.slots().first == "2026-11-24T04:00:00Z")
            #expect(try await site.scheduler.fireDueSlots() == 1)
            #expect(try await site.slots().first == "2026-11-25T04:00:00Z")
        }
    }

    /// A slot that fired yesterday at another hour is not missed today.
    @Test
    func whatIsTooOldToFireIsNotLookedFor() async throws {
        try await Self.withSite(now: "2026-11-23 06:00:00+00") { site in
            try await site.set(clock: "2026-11-24 05:00:01+00")
            #expect(try await site.scheduler.fireDueSlots() == 1)
            try await site.set(clock: "2026-11-25 04:30:00+00")
            try site.giveRules(of: "Europe/London")
            try await site.watch.look()
            #expect(try await site.slots().first == "2026-11-25T06:00:00Z")
        }
    }

    /// It was promised by the old rules, and nobody has fired it yet.
    @Test
    func aSlotThatIsDueStays() async throws {
        try await Self.withSite(now: "2026-11-24 03:00:00+00") { site in
            try await site.set(clock: "2026-11-24 05:00:10+00")
            try site.giveRules(of: "Europe/London")
            try await site.watch.look()
            #expect(try await site.scheduler.fireDueSlots() == 1)
        }
    }

    @Test
    func twoSchedulersWithDifferentRulesMoveASlotOnce() async throws {
        try await Self.withSite(now: "2026-11-24 03:00:00+00") { site in
            try await Self.withSite(now: "2026-11-24 03:00:00+00") { other in
                try other.giveRules(of: "Europe/London")
                try await ZoneWatch(database: site.database, zonesIn: other.folder, logger: .quiet).look()
                try await site.watch.look()
                #expect(try await site.slots().first == "2026-11-24T06:00:00Z")
            }
        }
    }

    @Test
    func anotherZoneMovesTheSlotToo() async throws {
        try await Self.withSite(now: "2026-11-24 03:00:00+00") { site in
            try await site.database.execute("select driftwatch.set_schedule('default', null, 'UTC')")
            #expect(try await site.scheduler.fireDueSlots() == 0)
            #expect(try await site.slots().first == "2026-11-24T06:00:00Z")
        }
    }

    /// Somebody set the schedule, or another scheduler moved it, between the look and the correction.
    @Test(arguments: [
        "next_slot_at = next_slot_at + interval '1 hour'", "updated_at = updated_at + interval '1 second'",
    ])
    func whatSomebodyElseChangedMeanwhileStays(change: String) async throws {
        try await Self.withSite(now: "2026-11-24 03:00:00+00") { site in
            let seen = try await site.database.withTransaction { try SlotStore.waiting(in: $0) }
            try await site.database.executeScript("update driftwatch.schedules set \(change)")
            let isMoved = try await site.database.withTransaction { transaction in
                try SlotStore.move(seen[0], to: .init(next: .now, following: .now), in: transaction)
            }
            #expect(!isMoved)
        }
    }
}
