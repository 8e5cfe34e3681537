import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// The views of the queue.
@Suite(.timeLimit(.minutes(2)))
struct QueueViewTests {
    @Test
    func whatDoesNotMoveIsShownWithItsReason() async throws {
        try await withMigratedDatabase { database in
            for id in ["a", "b", "c", "d"] { try await database.makeServer(id) }
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claims = try await store.claimSome(3)
            try await store.end(claims[0], .noPlace(retryAfter: .seconds(3)))
            try await store.end(claims[1], .succeeded)
            try await database.execute("update driftwatch.jobs set queue = 'dmz' where state = 'available'")
            try await database.execute("insert into driftwatch.queues values ('dmz', now(), 'me', 'moving house')")
            try await database.advanceClock(by: .seconds(65))
            let stuck = try await database.rows(
                "select state || ': ' || why from driftwatch.queue_stuck order by 1", as: String.self)
            #expect(
                stuck == [
                    "available: its queue is paused: moving house",
                    "running: its lease has expired; a worker will take it back",
                    "scheduled: it is due, but no running worker has made it available",
                ])
            let health = try await database.rows(
                "select concat_ws(' ', queue, available, waiting, running) from driftwatch.queue_health order by queue",
                as: String.self)
            #expect(health == ["default 0 1 1", "dmz 1 0 0"])
        }
    }

    @Test func aScheduleShowsTheJobsOfItsOwnLastSlot() async throws {
        try await withMigratedDatabase { database in
            try await database.executeScript(
                """
                set search_path = driftwatch;
                select set_schedule('default', '0 6 * * *', 'UTC');
                update schedules set last_slot_at = '2026-11-20 06:00+00';
                insert into slots (schedule_name, slot_at, fired_at, enqueued) values
                    ('default', '2026-11-19 06:00+00', clock(), 1), ('default', '2026-11-20 06:00+00', clock(), 2),
                    ('other', '2026-11-20 06:00+00', clock(), 3);
                """)
            let jobs = try await database.rows("select last_slot_jobs from driftwatch.upcoming_slots", as: Int.self)
            #expect(jobs == [2])
        }
    }

    /// Rows as (server, queue, state, due since, claimed since, lease ends in, deadline in), all in seconds.
    private static func insert(_ rows: String, _ database: Database) async throws {
        try await database.executeScript(
            """
            set search_path = driftwatch;
            insert into jobs (kind, server_id, queue, state, run_at, claimed_at, lease_expires_at, deadline_at, created_at, worker_id,
                lease_token, finished_at)
            select 'drift_check', server, queue, state, clock() - due * interval '1 s', clock() - claimed * interval '1 s',
                clock() + lease * interval '1 s', clock() + deadline * interval '1 s', clock(), 'w', gen_random_uuid(),
                case when state = 'succeeded' then clock() end
            from (values \(rows)) r (server, queue, state, due, claimed, lease, deadline)
            """)
    }

    private static let workers = """
        set search_path = driftwatch;
        select register_worker('w', 'worker', 'h', 1, '1', 8, '{default}');
        select register_worker('draining', 'worker', 'h', 1, '1', 8, '{default,left}');
        select touch_worker('draining', 'draining');
        select register_worker('dead', 'worker', 'h', 1, '1', 8, '{default,left}');
        select register_worker('stopped', 'worker', 'h', 1, '1', 8, '{left}');
        select touch_worker('stopped', 'stopped');
        select register_worker('paused', 'worker', 'h', 1, '1', 8, '{paused,dmz}');
        update workers set last_seen_at = clock() - interval '61 s' where worker_id = 'dead';
        """

    @Test
    func eachQueueShowsItsOwnJobsAndWorkers() async throws {
        try await withMigratedDatabase { database in
            try await database.stopClock()
            for server in ["s-1", "s-2", "s-local", "s-gone", "s-first"] { try await database.makeServer(server) }
            try await database.executeScript(
                """
                set search_path = driftwatch;
                update servers set queue = 'dmz' where server_id = 's-2';
                update servers set connection = 'local' where server_id = 's-local';
                update servers set queue = 'gone', removed_at = clock() where server_id = 's-gone';
                update servers set queue = 'a-first', removed_at = clock() where server_id = 's-first';
                insert into queues (queue, paused_at) values ('dmz', clock()), ('kept', null);
                """)
            try await database.executeScript(Self.workers)
            try await Self.insert(
                """
                ('j1', 'default', 'available', 50, null::int, null::int, null::int),
                ('j2', 'default', 'available', 90, 500, null, null),
                ('j3', 'default', 'scheduled', 300, null, null, null),
                ('j4', 'default', 'retryable', 300, 600, null, null),
                ('j5', 'default', 'running', 700, 40, 20, 90),
                ('j6', 'default', 'running', 700, 70, 20, 90),
                ('j7', 'default', 'succeeded', 1000, 1000, null, null),
                ('j8', 'dmz', 'available', 20, null, null, null),
                ('j9', 'old', 'scheduled', 10, null, null, null)
                """, database)
            try await database.execute("update driftwatch.jobs set rescues = 1 where server_id = 'j2'")
            let health = try await database.rows(
                """
                select concat_ws(' ', queue, 'paused ' || (paused_at is not null), available, waiting, running,
                    'oldest ' || extract(epoch from oldest_available)::int, 'longest ' || extract(epoch from longest_running)::int,
                    'workers ' || workers_alive)
                from driftwatch.queue_health
                """, as: String.self)
            #expect(
                health == [
                    "default paused false 2 2 2 oldest 90 longest 70 workers 1",
                    "dmz paused true 1 0 0 oldest 20 workers 1",
                    "kept paused false 0 0 0 workers 0",
                    "local:s-local paused false 0 0 0 workers 0",
                    "old paused false 0 1 0 workers 0",
                ])
        }
    }

    /// Another row than theirs is held.
    @Test
    func onlyWhatDoesNotMoveIsShown() async throws {
        try await withMigratedDatabase { database in
            try await database.stopClock()
            try await database.executeScript(Self.workers)
            try await database.execute(
                "insert into driftwatch.queues values ('paused', now(), 'ann', 'new switch'), ('default', null, null, null)"
            )
            try await Self.insert(
                """
                ('served', 'default', 'available', 61, null::int, null::int, null::int),
                ('alone', 'alone', 'available', 61, null, null, null),
                ('alone-for-a-minute', 'alone', 'available', 60, null, null, null),
                ('left', 'left', 'available', 61, null, null, null),
                ('paused', 'paused', 'available', 61, null, null, null),
                ('paused-runs', 'paused', 'running', 500, 90, 30, 90),
                ('retries', 'default', 'retryable', 61, 90, null, null),
                ('waits', 'default', 'scheduled', -5, null, null, null),
                ('runs', 'default', 'running', 500, 90, 30, 90),
                ('lost', 'default', 'running', 500, 90, 0, 90),
                ('long', 'default', 'running', 500, 90, 30, 0),
                ('over', 'default', 'succeeded', 500, 90, null, null)
                """, database)
            try await database.holding("select from driftwatch.destinations for update") {
                let stuck = try await database.rows(
                    "select server_id || ': ' || why from driftwatch.queue_stuck order by 1", as: String.self)
                #expect(
                    stuck == [
                        "alone: no running worker serves its queue",
                        "left: no running worker serves its queue",
                        "long: it ran past its deadline; a worker will take it back",
                        "lost: its lease has expired; a worker will take it back",
                        "paused: its queue is paused: new switch",
                        "retries: it is due, but no running worker has made it available",
                    ])
            }
        }
    }

    @Test
    func eachClaimIsOneAttempt() async throws {
        try await withJobs(["annotated", "fine", "retried", "runs", "waits"]) { database, store in
            for claim in try await store.claimSome(4) {
                switch claim.job.serverID {
                case "annotated":
                    let note = FailureNote(label: "unreachable", message: "no route")
                    _ = try await store.end(claim.job.id, under: claim.token, as: Ending(.succeeded, note: note))
                case "fine": try await store.end(claim, .succeeded)
                case "retried": try await store.end(claim, .retry)
                default: break
                }
            }
            try await database.execute(
                "update driftwatch.jobs set state = 'available', priority = 1 where state = 'retryable'")
            #expect(try await store.claimSome(1).map(\.job.serverID) == ["retried"])
            let attempts = try await database.rows(
                """
                select concat_ws(' ', a.server_id, a.attempt, a.outcome, a.error_class, 'ended ' || (a.ended_at is not null))
                from driftwatch.attempts a join driftwatch.jobs using (job_id) order by 1
                """, as: String.self)
            #expect(
                attempts == [
                    "annotated 1 succeeded unreachable ended true", "fine 1 succeeded ended true",
                    "retried 1 retry ended true", "retried 2 ended false", "runs 1 ended false",
                ])
        }
    }

    @Test
    func aFailureIsShownForAWeekBesideItsOwnJob() async throws {
        try await withJobs { database, _ in
            try await database.stopClock()
            try await database.executeScript(
                """
                set search_path = driftwatch;
                insert into job_attempts (job_id, lease_token, attempt, worker_id, started_at, ended_at, outcome, error_class)
                select job_id, gen_random_uuid(), 1, 'w', clock(), clock() - ago::interval, outcome, error_class
                from jobs cross join (values
                    ('1 h', 'failed', null), ('2 h', 'retry', null), ('3 h', 'lease_expired', null), ('4 h', 'deadline', null),
                    ('167 h', 'succeeded', 'unreachable'), ('169 h', 'failed', null), ('169 h', 'succeeded', 'unreachable'),
                    ('1 h', 'cancelled', null), ('1 h', 'interrupted', null), ('1 h', 'no_place', null)
                ) a (ago, outcome, error_class)
                where server_id = 'a'
                """)
            let failures = try await database.rows(
                "select concat_ws(' ', server_id, outcome, error_class) from driftwatch.recent_failures",
                as: String.self)
            #expect(
                failures == ["a failed", "a retry", "a lease_expired", "a deadline", "a succeeded unreachable"])
        }
    }

    @Test
    func whatWasNeverLookedAtGrowsStaleLikeTheRest() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            func stale() async throws -> [Bool?] {
                try await database.rows("select stale from driftwatch.fleet_status", as: Bool?.self)
            }
            #expect(try await stale() != [true])
            try await database.execute(
                """
                insert into driftwatch.schedules (schedule_name, cron, time_zone, next_slot_at, following_slot_at, updated_at)
                select 'default', '0 6 * * *', 'UTC', driftwatch.clock() + interval '1 day',
                    driftwatch.clock() + interval '2 days', driftwatch.clock()
                """)
            try await database.advanceClock(by: .seconds(2 * 86_400 - 60))
            #expect(try await stale() != [true])
            try await database.advanceClock(by: .seconds(120))
            #expect(try await stale() == [true])
        }
    }
}
