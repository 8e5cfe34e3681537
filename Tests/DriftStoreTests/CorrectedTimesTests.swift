import Foundation
import Postgres
import TestSupport
import Testing

/// `times_ahead`, `correct_schedules`, `correct_past_times` and `correct_times`: the database's clock has gone back.
@Suite(.timeLimit(.minutes(2)))
struct CorrectedTimesTests {
    private static func with(_ body: (Database) async throws -> Void) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("a")
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            try await database.execute("select driftwatch.register_worker('w', 'worker', 'h', 1, '1', 1, '{default}')")
            try await database.stopClock()
            try await body(database)
        }
    }

    private static func isAhead(_ database: Database) async throws -> Bool? {
        try await database.rows("select driftwatch.times_ahead()", as: Bool.self).first
    }

    @Test(
        arguments: [
            "schedules set updated_at", "schedules set last_due_at", "workers set last_seen_at",
            "drift_states set last_started_at", "drift_states set look_wanted_at",
        ] as [SQL])
    func aTimeThatCannotLieAheadTells(column: SQL) async throws {
        try await Self.with { database in
            let set: SQL = "update driftwatch.\(column) = driftwatch.clock() +"
            try await database.execute("\(set) interval '1 second'")
            #expect(try await Self.isAhead(database) == false)
            try await database.execute("\(set) interval '2 seconds'")
            #expect(try await Self.isAhead(database) == true)
        }
    }

    @Test
    func whatIsRightIsNotTouched() async throws {
        try await Self.with { database in
            let corrected = try await database.rows("select place from driftwatch.correct_times()", as: String.self)
            #expect(corrected == [])
            let audit = try await database.rows(
                "select count(*) from driftwatch.audit_log where action = 'correct_times'", as: Int.self)
            #expect(audit == [0])
        }
    }

    @Test
    func onlyWhatHasHappenedAndIsNoLogIsSetToNow() async throws {
        try await Self.with { database in
            try await database.executeScript(
                """
                create table public.visits (at timestamptz);
                insert into public.visits values (driftwatch.clock() + interval '1 hour');
                create table driftwatch.notes (at timestamptz, gone timestamptz, day timestamp);
                insert into driftwatch.notes
                values (driftwatch.clock() + interval '1 hour', driftwatch.clock(), driftwatch.clock() + interval '1 hour');
                alter table driftwatch.notes drop column gone;
                select driftwatch.write_audit('test', 'later', 'x');
                update driftwatch.audit_log set at = driftwatch.clock() + interval '1 hour';
                insert into driftwatch.slots (schedule_name, slot_at, fired_at, enqueued)
                values ('default', driftwatch.clock() + interval '1 hour', driftwatch.clock() + interval '1 hour', 0);
                """)
            let corrected = try await database.rows(
                "select place || ' ' || corrected from driftwatch.correct_past_times() where corrected > 0",
                as: String.self)
            #expect(corrected.map { $0.replacing("driftwatch.", with: "") } == ["notes 1", "slots 1"])
            let hours = try await database.rows(
                """
                select extract(epoch from at - driftwatch.clock())::int / 3600 from (
                    select 1 as n, at from public.visits union all select 2, at from driftwatch.notes
                    union all select 3, day at time zone current_setting('TimeZone') from driftwatch.notes
                    union all select 4, at from driftwatch.audit_log where action = 'later'
                    union all select 5, slot_at from driftwatch.slots union all select 6, fired_at from driftwatch.slots) t
                order by n
                """, as: Int.self)
            #expect(hours == [1, 0, 1, 1, 1, 0])
        }
    }

    // MARK: Schedules

    /// Slots in hours from now, of two schedules; `default` is ahead.
    private static func prepareSlots(_ database: Database) async throws {
        try await database.executeScript(
            """
            insert into driftwatch.schedules (schedule_name, cron, time_zone, next_slot_at, updated_at)
            values ('other', '0 * * * *', 'UTC', driftwatch.clock() + interval '1 hour', driftwatch.clock());
            update driftwatch.schedules set updated_at = driftwatch.clock() + interval '1 year',
                next_slot_at = driftwatch.clock() + interval '1 year'
            where schedule_name = 'default';
            insert into driftwatch.slots (schedule_name, slot_at, fired_at, skipped, enqueued)
            select name, driftwatch.clock() + hours * interval '1 hour', case when skipped is null then driftwatch.clock() end, skipped, 0
            from (values ('default', -3, null), ('default', -2, null), ('default', -1, 'paused'), ('default', 1, null),
                ('default', 2, 'paused'), ('default', 100, null), ('other', -0.2, null), ('other', 100, null))
                as s (name, hours, skipped);
            """)
    }

    private static func hours(_ columns: SQL, of schedule: String, _ database: Database) async throws -> [String] {
        try await database.rows(
            """
            select array(select coalesce(round(extract(epoch from c - driftwatch.clock()) / 3600)::text, '-')
                from unnest(array[\(columns)]) c)::text
            from driftwatch.schedules where schedule_name = \(schedule)
            """, as: String.self)
    }

    @Test
    func aScheduleThatWasAheadGoesOnFromItsSlotsOfNow() async throws {
        try await Self.with { database in
            try await Self.prepareSlots(database)
            let corrected = try await database.rows("select place from driftwatch.correct_schedules()", as: String.self)
            #expect(corrected == ["schedule default"])
            #expect(
                try await Self.hours(
                    "updated_at, next_slot_at, last_slot_at, last_due_at, due_before_last_at", of: "default", database)
                    == ["{0,-,-2,-1,-2}"])
            #expect(try await Self.hours("next_slot_at, last_slot_at", of: "other", database) == ["{1,-}"])
            let slots = try await database.rows(
                """
                select schedule_name || ' ' || round(extract(epoch from slot_at - driftwatch.clock()) / 3600, 1)
                from driftwatch.slots order by schedule_name, slot_at
                """, as: String.self)
            #expect(
                slots == ["default -3.0", "default -2.0", "default -1.0", "default 1.0", "other -0.2", "other 100.0"])
        }
    }

    @Test
    func jobsOfSlotsThatWillComeAgainMakeRoomForThem() async throws {
        try await Self.with { database in
            try await Self.prepareSlots(database)
            try await database.executeScript(
                """
                insert into driftwatch.jobs (kind, server_id, requested_by, schedule_name, slot_at, state, run_at, created_at,
                    finished_at, lease_token, lease_expires_at, worker_id, last_error)
                select 'drift_check', 'a', what, name, driftwatch.clock() + hours * interval '1 hour', state, driftwatch.clock(), driftwatch.clock(),
                    case state when 'succeeded' then driftwatch.clock() end, gen_random_uuid(), driftwatch.clock(), 'w', 'as it was'
                from (values ('waits', 'default', 100, 'available'), ('runs', 'default', 101, 'running'),
                    ('over', 'default', 102, 'succeeded'), ('near', 'default', 1, 'available'),
                    ('of another', 'other', 100, 'available')) as j (what, name, hours, state);
                """)
            try await database.execute("select driftwatch.correct_schedules()")
            let jobs = try await database.rows(
                """
                select concat_ws(' ', requested_by || ':', state, round(extract(epoch from slot_at - driftwatch.clock()) / 3600),
                    last_error, finished_at is not null)
                from driftwatch.jobs order by job_id
                """, as: String.self)
            #expect(
                jobs == [
                    "waits: cancelled 0 its slot lies in the future: the clock went back t",
                    "runs: running 0 as it was f",
                    "over: succeeded 0 as it was t", "near: available 1 as it was f",
                    "of another: available 100 as it was f",
                ])
            let checks = try await database.rows("select reason from driftwatch.checks", as: String.self)
            #expect(checks == ["superseded"], "of the job that was cancelled")
        }
    }

    /// A worker claims the job at the same moment.
    @Test
    func aJobThatIsClaimedMeanwhileRunsOn() async throws {
        try await Self.with { database in
            try await Self.prepareSlots(database)
            try await database.execute(
                """
                insert into driftwatch.jobs (kind, server_id, schedule_name, slot_at, state, run_at, created_at)
                values ('drift_check', 'a', 'default', driftwatch.clock() + interval '100 hours', 'available', driftwatch.clock(), driftwatch.clock())
                """)
            let (claimed, isClaimed) = AsyncStream<Void>.makeStream()
            async let claiming: Void = database.withTransaction { transaction in
                defer { isClaimed.finish() }
                try transaction.execute("select driftwatch.claim_jobs('w', '{default}', 1, 1, '60 s', '3 min')")
                isClaimed.finish()
                try transaction.waitUntilSomebodyWaits()
            }
            for await _ in claimed {}
            try await database.execute("select driftwatch.correct_schedules()")
            try await claiming
            let states = try await database.rows(
                "select state || ' ' || (slot_at <= driftwatch.clock()) from driftwatch.jobs", as: String.self)
            #expect(states == ["running true"])
        }
    }

    /// It holds its job, and then wants the state of its server, of which another job is cancelled.
    @Test
    func aWorkerThatEndsItsJobMeanwhileIsNotHeldUp() async throws {
        try await Self.with { database in
            try await Self.prepareSlots(database)
            func enqueue(_ hours: Int) async throws {
                try await database.execute(
                    """
                    insert into driftwatch.jobs (kind, server_id, schedule_name, slot_at, state, run_at, created_at)
                    values ('drift_check', 'a', 'default', driftwatch.clock() + make_interval(hours => \(hours)::int),
                        'available', driftwatch.clock(), driftwatch.clock())
                    """)
            }
            try await enqueue(101)
            let (job, token) = try await database.rows(
                "select job_id, lease_token from driftwatch.claim_jobs('w', '{default}', 1, 1, '60 s', '3 min')",
                as: (Int64, UUID).self)[0]
            try await enqueue(100)
            let (settled, isSettled) = AsyncStream<Void>.makeStream()
            async let ending: Void = database.withTransaction { transaction in
                defer { isSettled.finish() }
                try transaction.execute("select driftwatch.settle_job(\(job), \(token), 'succeeded')")
                isSettled.finish()
                try transaction.waitUntilSomebodyWaits()
                try transaction.execute("select driftwatch.begin_effects('a', null, 'a', null, null, null, 'ssh')")
                try transaction.execute("select driftwatch.lock_assignments('a', '{base}')")
            }
            for await _ in settled {}
            try await database.execute("select driftwatch.correct_schedules()")
            try await ending
            let states = try await database.rows("select state from driftwatch.jobs order by job_id", as: String.self)
            #expect(states == ["succeeded", "cancelled"])
        }
    }

    /// A scheduler that had not seen the clock go back fires at the same moment.
    @Test
    func aSlotThatFiresMeanwhileIsTakenBackToo() async throws {
        try await Self.with { database in
            try await Self.prepareSlots(database)
            let (fired, isFired) = AsyncStream<Void>.makeStream()
            async let firing: Void = database.withTransaction { transaction in
                defer { isFired.finish() }
                try transaction.execute("select from driftwatch.schedules where schedule_name = 'default' for update")
                try transaction.execute(
                    """
                    select driftwatch.fire_slot('default', driftwatch.clock() + interval '200 hours',
                        driftwatch.clock() + interval '224 hours')
                    """)
                isFired.finish()
                try transaction.waitUntilSomebodyWaits()
            }
            for await _ in fired {}
            try await database.execute("select driftwatch.correct_schedules()")
            try await firing
            #expect(
                try await database.rows("select state from driftwatch.jobs", as: String.self) == ["cancelled"])
        }
    }
}
