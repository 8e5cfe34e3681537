import Cron
import DriftCore
import Foundation
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// The database's clock ran ahead and was corrected, or another host with a slower clock took over.
@Suite(.timeLimit(.minutes(3)))
struct ClockTests {
    private static func watch(_ database: Database) async throws -> ClockWatch {
        let watch = ClockWatch(database: database, logger: .quiet)
        try await watch.look()
        return watch
    }

    /// Columns with times that lie more than a day ahead, which no wait takes.
    private static func ahead(_ database: Database) async throws -> [String] {
        try await database.executeScript(
            """
            create or replace function pg_temp.ahead() returns setof text language plpgsql as $$
            declare held record; n bigint;
            begin
                for held in
                    select c.relname, a.attname from pg_class c
                    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                    where c.relnamespace = 'driftwatch'::regnamespace and c.relkind = 'r'
                      and a.atttypid = 'timestamptz'::regtype and c.relname not in ('audit_log', 'alert_events')
                      and (c.relname, a.attname) <> ('checks', 'slot_at')
                    order by 1, 2
                loop
                    -- What a lease was is of no account once its job has ended.
                    execute format('select count(*) from driftwatch.%I where %I > driftwatch.clock() + interval ''1 day 1 minute'' %s',
                        held.relname, held.attname,
                        case when held.attname in ('lease_expires_at', 'deadline_at') and held.relname = 'jobs'
                            then 'and finished_at is null' end) into n;
                    if n > 0 then return next held.relname || '.' || held.attname; end if;
                end loop;
            end $$;
            create table driftwatch_ahead as select * from pg_temp.ahead() t (place);
            """)
        let places = try await database.rows("select place from driftwatch_ahead", as: String.self)
        try await database.executeScript("drop table driftwatch_ahead")
        return places
    }

    /// Everything that writes times, a year ahead.
    private static func liveAYearAhead(_ fleet: Fleet, _ scheduler: Scheduler) async throws {
        let database = fleet.database
        try await database.advanceClock(by: .seconds(365 * 86_400))
        #expect(try await scheduler.fireDueSlots() > 0)
        fleet.see(on: "web-1", missing: ["/a"])
        try await fleet.check("web-1")
        #expect(try await fleet.alerts() == ["open base 1"])
        try await database.executeScript(
            """
            select driftwatch.disable_drift_detection('held', 'moving', driftwatch.clock() + interval '4 hours');
            select driftwatch.pause_queue('dmz', 'new switch');
            select driftwatch.resume_queue('dmz');
            select driftwatch.enqueue_check('dead', 'test');
            select driftwatch.claim_jobs('lost', '{dmz}', 1, 1, '60 s', '3 min');
            select driftwatch.enqueue_check('waits', 'test');
            update driftwatch.jobs set state = 'retryable', run_at = driftwatch.clock() + interval '30 s'
            where server_id = 'waits' and finished_at is null and slot_at is null;
            update driftwatch.destinations
            set next_send_at = driftwatch.clock() + interval '5 min', lease_expires_at = driftwatch.clock() + interval '30 s';
            select driftwatch.register_worker('gone', 'worker', 'h', 1, '1', 1, '{default}');
            select driftwatch.want_look('web-1');
            """)
    }

    @Test(arguments: [true, false])
    func afterAYearAheadNothingWaitsForTheYearToPass(seenByTheSameProcess: Bool) async throws {
        let servers = ["web-1", "held", "dead", "waits"]
        try await Fleet.with(Dictionary(uniqueKeysWithValues: servers.map { ($0, ["base": ["/a"]]) })) { fleet in
            let database = fleet.database
            try await database.execute(
                "update driftwatch.servers set queue = 'dmz' where server_id in ('dead', 'waits', 'held')")
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            try await database.execute("select driftwatch.set_schedule('default', '0 * * * *', 'UTC')")
            let scheduler = try SchedulerTests.scheduler(on: database)
            _ = try await scheduler.fireDueSlots()
            let early = try await Self.watch(database)
            try await Self.liveAYearAhead(fleet, scheduler)
            try await early.look()

            try await database.advanceClock(by: .seconds(-365 * 86_400))
            #expect(try await Self.ahead(database).count > 10)
            let watch = seenByTheSameProcess ? early : ClockWatch(database: database, logger: .quiet)
            try await watch.look()
            #expect(try await Self.ahead(database) == [])
            #expect(
                try await database.rows(
                    "select count(*)::int from driftwatch.audit_log where action = 'correct_times'", as: Int.self) == [
                        1
                    ])

            // The schedule goes on, for every server.
            #expect(try await scheduler.fireDueSlots() == 0)
            try await database.advanceClock(by: .seconds(3600))
            #expect(try await scheduler.fireDueSlots() == 3, "one is on hold")
            // A later check counts: what is right again closes the alert.
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved base 1 compliant"])
            // The job of a lost worker is taken back, the one that waits is due, the hold ends.
            try await database.executeScript("select driftwatch.rescue_jobs(); select driftwatch.promote_jobs()")
            #expect(
                try await database.rows(
                    "select server_id from driftwatch.jobs where state = 'available' and slot_at is null order by 1",
                    as: String.self) == ["dead", "waits"])
            try await database.advanceClock(by: .seconds(3 * 3600))
            #expect(try await database.rows("select driftwatch.end_holds()", as: Int.self) == [1])
            #expect(
                try await database.rows(
                    "select next_send_at < driftwatch.clock() from driftwatch.destinations", as: Bool.self)
                    == [true])
        }
    }

    @Test
    func aSlotThatFiredAheadOfItsTimeFiresAgainInItsTime() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await SchedulerTests.prepare(database, servers: ["a"], now: "2026-11-23 05:00:00+00")
            let watch = try await Self.watch(database)
            try await SchedulerTests.set(database, clock: "2026-11-24 06:00:01+00")
            #expect(try await scheduler.fireDueSlots() == 1)
            try await SchedulerTests.set(database, clock: "2026-11-23 05:01:00+00")
            try await watch.look()
            #expect(try await scheduler.fireDueSlots() == 0)
            for day in 23...24 {
                try await SchedulerTests.set(database, clock: "2026-11-\(day) 06:00:01+00")
                #expect(try await scheduler.fireDueSlots() == 1)
            }
        }
    }

    @Test
    func afterASmallStepBackNoSlotFiresTwice() async throws {
        try await withMigratedDatabase { database in
            let scheduler = try await SchedulerTests.prepare(database, servers: ["a"], now: "2026-11-23 05:00:00+00")
            let watch = try await Self.watch(database)
            for (now, jobs) in [("23 06:00:01", 1), ("23 05:57:00", 0), ("23 06:00:01", 0), ("24 06:00:01", 1)] {
                try await SchedulerTests.set(database, clock: "2026-11-\(now)+00")
                try await watch.look()
                #expect(try await scheduler.fireDueSlots() == jobs, "\(now)")
            }
        }
    }

    /// Before anybody has corrected anything.
    @Test
    func aFailoverToAClockThatIsBehindLosesNoAlert() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            try await fleet.database.advanceClock(by: .seconds(-180))
            fleet.see(on: "web-1", missing: ["/a"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["open base 1"])
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            #expect(try await fleet.alerts() == ["resolved base 1 compliant"])
        }
    }
}
