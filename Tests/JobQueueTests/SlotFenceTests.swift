import Postgres
import TestSupport
import Testing

/// What a slot leaves alone: newer slots, jobs that run or are over, rows that are held, slots that have fired.
@Suite(.timeLimit(.minutes(2)))
struct SlotFenceTests {
    /// On the clock of the 24th at 07:00, which stands still.
    private static func withSchedule(_ servers: [String], _ body: (Database) async throws -> Void) async throws {
        try await withMigratedDatabase { database in
            try await database.execute("update driftwatch.test_clock set stopped_at = '2026-11-24 07:00Z'")
            for server in servers { try await database.makeServer(server) }
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            try await body(database)
        }
    }

    /// Fires the slot of that day in November at 06:00.
    private static func fire(_ database: Database, _ schedule: String = "default", day: Int) async throws -> Int {
        try await database.rows(
            """
            select driftwatch.fire_slot(
                \(schedule), \("2026-11-\(day) 06:00Z")::text::timestamptz, \("2026-11-\(day + 1) 06:00Z")::text::timestamptz)
            """, as: Int.self)[0]
    }

    private static func texts(_ database: Database, _ query: SQL) async throws -> [String] {
        try await database.rows(query, as: String.self)
    }

    // MARK: Fire

    @Test
    func aSlotThatFiredOrWasMissedFiresNoMore() async throws {
        try await Self.withSchedule(["a"]) { database in
            try await database.execute("select driftwatch.skip_slots('default', '{2026-11-23 06:00Z}', 'too_old')")
            #expect(try await Self.fire(database, day: 23) == 0)
            #expect(try await Self.fire(database, day: 24) == 1)
            #expect(try await Self.fire(database, day: 24) == 0)
            try await database.execute("select driftwatch.skip_slots('default', '{2026-11-24 06:00Z}', 'paused')")
            let slots = try await Self.texts(
                database,
                """
                select concat_ws(' ', extract(day from slot_at), coalesce(skipped, 'fired'), enqueued) from driftwatch.slots
                order by slot_at
                """)
            #expect(slots == ["23 too_old 0", "24 fired 1"])
            #expect(try await database.count("jobs") == 1)
        }
    }

    /// Each server has one job, which has been due for an hour.
    @Test
    func aSlotReplacesTheWaitingJobsOfItsOlderSlotsAlone() async throws {
        let servers = ["done", "newer", "other", "retrying", "running", "scheduled", "waiting"]
        try await Self.withSchedule(servers) { database in
            try await database.executeScript(
                """
                insert into driftwatch.jobs (kind, server_id, schedule_name, slot_at, state, run_at, created_at, worker_id,
                    lease_token, lease_expires_at, finished_at)
                select 'drift_check', server, schedule, slot::timestamptz, state, '2026-11-24 06:00Z', '2026-11-23 06:00Z', 'w',
                    gen_random_uuid(), '2026-11-24 08:00Z', case state when 'succeeded' then driftwatch.clock() end
                from (values
                    ('done', 'default', '2026-11-23 06:00Z', 'succeeded'),
                    ('newer', 'default', '2026-11-25 06:00Z', 'available'),
                    ('other', 'other', '2026-11-23 06:00Z', 'available'),
                    ('retrying', 'default', '2026-11-23 06:00Z', 'retryable'),
                    ('running', 'default', '2026-11-23 06:00Z', 'running'),
                    ('scheduled', 'default', '2026-11-23 06:00Z', 'scheduled'),
                    ('waiting', 'default', '2026-11-22 06:00Z', 'available')) j (server, schedule, slot, state)
                """)
            #expect(try await Self.fire(database, day: 24) == servers.count)
            let jobs = try await Self.texts(
                database,
                """
                select concat_ws(' ', server_id, old.state, to_char(new.run_at at time zone 'UTC', 'HH24:MI'))
                from driftwatch.jobs old join driftwatch.jobs new using (server_id)
                where old.slot_at <> new.slot_at and new.slot_at = '2026-11-24 06:00Z' order by 1
                """)
            #expect(
                jobs == [
                    "done succeeded 07:00", "newer available 07:00", "other available 07:00",
                    "retrying cancelled 06:00", "running running 07:00", "scheduled cancelled 06:00",
                    "waiting cancelled 06:00",
                ])
            #expect(try await database.count("slots where enqueued = 7 and superseded = 3") == 1)
            #expect(try await database.count("checks where reason = 'superseded'") == 3)
        }
    }

    @Test
    func aSlotDoesNotWaitForAnOlderJobThatIsHeld() async throws {
        try await Self.withSchedule(["a", "b"]) { database in
            _ = try await Self.fire(database, day: 23)
            try await database.holding("select from driftwatch.jobs where server_id = 'a' for update") {
                let made = try await database.withoutWaiting(
                    "select driftwatch.fire_slot('default', '2026-11-24 06:00Z', '2026-11-25 06:00Z')", as: Int.self)
                #expect(made == [2])
            }
            let old = try await Self.texts(
                database,
                "select server_id || ' ' || state from driftwatch.jobs where slot_at < '2026-11-24 06:00Z' order by 1")
            #expect(old == ["a available", "b cancelled"])
        }
    }

    @Test
    func aSlotCountsItsOwnJobs() async throws {
        try await Self.withSchedule(["a"]) { database in
            _ = try await Self.fire(database, day: 23)
            for server in ["b", "c"] { try await database.makeServer(server) }
            _ = try await Self.fire(database, day: 24)
            let slots = try await Self.texts(
                database, "select concat_ws(' ', enqueued, superseded) from driftwatch.slots order by slot_at")
            #expect(slots == ["1 0", "3 1"])
        }
    }

    // MARK: Complete

    @Test
    func aSlotIsCompleteOnceAndByItsOwnJobs() async throws {
        try await Self.withSchedule(["a"]) { database in
            try await database.execute("select driftwatch.set_schedule('other', '0 6 * * *', 'UTC')")
            for (schedule, day) in [("default", 23), ("default", 24), ("other", 24)] {
                _ = try await Self.fire(database, schedule, day: day)
            }
            func complete() async throws -> [Int] {
                try await database.advanceClock(by: .seconds(60))
                return try await database.rows("select driftwatch.complete_slots()", as: Int.self)
            }
            #expect(try await complete() == [1])
            try await database.execute(
                """
                update driftwatch.jobs set state = 'succeeded', finished_at = driftwatch.clock()
                where schedule_name = 'default' and finished_at is null
                """)
            #expect(try await complete() == [1])
            let slots = try await Self.texts(
                database,
                """
                select concat_ws(' ', schedule_name, extract(day from slot_at), to_char(completed_at at time zone 'UTC', 'HH24:MI'))
                from driftwatch.slots order by 1
                """)
            #expect(slots == ["default 23 07:01", "default 24 07:02", "other 24"])
        }
    }

    // MARK: Requeue

    @Test
    func aJobThatIsHeldOrOverIsNotMovedToAnotherQueue() async throws {
        try await Self.withSchedule(["done", "held", "waits"]) { database in
            _ = try await Self.fire(database, day: 24)
            try await database.executeScript(
                """
                update driftwatch.jobs set state = 'succeeded', finished_at = driftwatch.clock() where server_id = 'done';
                update driftwatch.servers set queue = 'dmz';
                """)
            try await database.holding("select from driftwatch.jobs where server_id = 'held' for update") {
                let moved = try await database.withoutWaiting("select driftwatch.requeue_jobs()", as: Int.self)
                #expect(moved == [1])
            }
            let queues = try await Self.texts(
                database, "select server_id || ' ' || queue from driftwatch.jobs order by 1")
            #expect(queues == ["done default", "held default", "waits dmz"])
        }
    }

    // MARK: Schedules

    @Test
    func aScheduleThatAnotherSchedulerHasLockedIsPassedBy() async throws {
        try await Self.withSchedule([]) { database in
            let due: SQL = "select schedule_name from driftwatch.lock_due_schedules()"
            try await database.holding(due) {
                let locked = try await database.withoutWaiting(due, as: String.self)
                #expect(locked == [])
            }
            #expect(try await Self.texts(database, due) == ["default"])
        }
    }

    @Test
    func theNextSlotOfAChangedScheduleMakesNoVerdictStale() async throws {
        try await Self.withSchedule(["a"]) { database in
            for day in [23, 24] { _ = try await Self.fire(database, day: day) }
            try await database.executeScript(
                """
                select driftwatch.set_schedule('default', '0 9 * * *', 'UTC');
                select driftwatch.advance_schedule('default', '2026-11-24 09:00Z', '2026-11-25 09:00Z');
                """)
            #expect(
                try await database.count(
                    "schedules where driftwatch.stale_before(schedule_name) = '2026-11-23 06:00Z'") == 1)
        }
    }

    @Test
    func aSeededScheduleIsWrittenDownOnce() async throws {
        try await Self.withSchedule([]) { database in
            for _ in 1...2 {
                let seeded = try await Self.texts(
                    database, "select cron from driftwatch.seed_schedule('other', '0 7 * * *', 'UTC')")
                #expect(seeded == ["0 7 * * *"])
            }
            let audit = try await Self.texts(
                database, "select actor || ' ' || action from driftwatch.audit_log where subject = 'schedule other'")
            #expect(audit == ["driftwatch set_schedule"])
        }
    }

    // MARK: Two schedules

    struct Act: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// In the schema's search path.
        var steps: String
        /// The schedule afterwards.
        var leaves: String
    }

    static let acts = [
        Act(
            testDescription: "a slot fires", steps: "select fire_slot('b', '2026-11-24 06:00Z', '2026-11-25 06:00Z')",
            leaves: "0 6 * * * 00:00:00 next 25 last 24 due 24"),
        Act(
            testDescription: "a slot is missed",
            steps: "select advance_schedule('b', '2026-11-25 06:00Z', null, '2026-11-24 06:00Z')",
            leaves: "0 6 * * * 00:00:00 next 25 last 23 due 24"),
        Act(
            testDescription: "it is set", steps: "select set_schedule('b', '1 1 * * *', 'UTC', interval '5 min')",
            leaves: "1 1 * * * 00:05:00 next 24 last 23 due 23"),
        Act(
            testDescription: "it is seeded again", steps: "select seed_schedule('b', '1 1 * * *', 'UTC')",
            leaves: "0 6 * * * 00:00:00 next 24 last 23 due 23"),
        Act(
            testDescription: "it is paused", steps: "select pause_schedule('b', 'why')",
            leaves: "0 6 * * * 00:00:00 next 24 last 23 due 23 paused why"),
        Act(
            testDescription: "it is resumed, and no slot was skipped",
            steps: """
                select fire_slot('b', '2026-11-24 06:00Z', '2026-11-25 06:00Z');
                select pause_schedule('b', 'why'); select resume_schedule('b')
                """, leaves: "0 6 * * * 00:00:00 next 25 last 24 due 24"),
        Act(
            testDescription: "it is resumed, and a slot was skipped",
            steps: """
                select pause_schedule('b', 'why'); select skip_slots('b', '{2026-11-24 06:00Z}', 'paused');
                select advance_schedule('b', '2026-11-25 06:00Z', null, '2026-11-24 06:00Z'); select resume_schedule('b')
                """, leaves: "0 6 * * * 00:00:00 next 24 last 23 due 23"),
    ]

    /// Of the other schedule the last slot was skipped during a pause that goes on.
    @Test(arguments: acts)
    func whatHappensToOneScheduleLeavesTheOtherAlone(act: Act) async throws {
        try await Self.withSchedule(["s"]) { database in
            try await database.executeScript(
                """
                set search_path = driftwatch; select set_schedule('a', '0 6 * * *', 'UTC');
                select set_schedule('b', '0 6 * * *', 'UTC');
                """)
            for schedule in ["a", "b"] { #expect(try await Self.fire(database, schedule, day: 23) == 1) }
            try await database.executeScript(
                """
                set search_path = driftwatch; select pause_schedule('a', 'the data centre moves');
                select skip_slots('a', '{2026-11-24 06:00Z}', 'paused');
                select advance_schedule('a', '2026-11-25 06:00Z', '2026-11-26 06:00Z', '2026-11-24 06:00Z');
                """)
            let other: SQL = """
                select to_jsonb(s)::text from driftwatch.schedules s where schedule_name = 'a'
                union all select to_jsonb(k)::text from driftwatch.slots k where schedule_name = 'a'
                union all select to_jsonb(j)::text from driftwatch.jobs j where schedule_name = 'a'
                union all select driftwatch.stale_before('a')::text
                """
            let before = try await Self.texts(database, other)
            #expect(before.count == 5)
            try await database.executeScript("set search_path = driftwatch; \(act.steps)")
            #expect(try await Self.texts(database, other) == before)
            let left = try await Self.texts(
                database,
                """
                select concat_ws(' ', cron, spread, 'next', extract(day from next_slot_at), 'last', extract(day from last_slot_at),
                    'due', extract(day from last_due_at), 'paused ' || paused_reason)
                from driftwatch.schedules where schedule_name = 'b'
                """)
            #expect(left == [act.leaves])
            let stale = try await database.rows(
                "select driftwatch.stale_before(b) is null from unnest(array['b', 'nobody']) b", as: Bool.self)
            #expect(stale.last == true)
        }
    }
}
