import Foundation
import Postgres
import TestSupport
import Testing

/// The views for people's questions: what they say, and that a week's question reads a week.
@Suite(.timeLimit(.minutes(2)))
struct QuestionViewTests {
    static let views = [
        "drifted_this_week", "check_times", "queue_times", "who_did_what", "failing_servers",
    ]

    private static func answer(_ sql: SQL, _ database: Database) async throws -> [String] {
        try await database.rows(sql, as: String.self)
    }

    @Test
    func driftIsCountedWithinTheWeekAlone() async throws {
        try await withMigratedDatabase { database in
            for server in ["web-1", "web-2", "web-3"] { try await database.makeServer(server) }
            try await database.stopClock()
            // Open for all of the week, for a day of it twice, and over before it.
            for (server, opened, resolved) in [
                ("web-1", 240, nil), ("web-2", 144, 120), ("web-2", 24, 0), ("web-3", 300, 169),
            ] as [(String, Int, Int?)] {
                try await database.execute(
                    """
                    with alert as (
                        insert into driftwatch.alerts (server_id, pack_name, title, message, mismatch_count, diff_path,
                            check_id, opened_at, updated_at, status, resolved_at, resolution)
                        select \(server), 'base', 't', 'm', 1, '/', 1, driftwatch.clock() - make_interval(hours => \(opened)),
                            driftwatch.clock(), case when \(resolved)::int is null then 'open' else 'resolved' end,
                            driftwatch.clock() - make_interval(hours => \(resolved)::int),
                            case when \(resolved)::int is not null then 'compliant' end
                        returning alert_id)
                    insert into driftwatch.alert_events (alert_id, seq, event, at, actor, detail)
                    select alert_id, n, e, now(), 'x', jsonb_build_object('items', jsonb_build_array(
                        jsonb_build_object('item', '/' || e || \(opened)), jsonb_build_object('item', '/a')))
                    from alert, unnest(array['opened', 'resolved']) with ordinality x (e, n)
                    """)
            }
            let lines = try await Self.answer(
                """
                select concat_ws(' ', server_id, alerts, extract(epoch from drifted_for)::int / 3600, still_drifted, items)
                from driftwatch.drifted_this_week
                """, database)
            #expect(lines == ["web-1 1 168 t /a, /opened240", "web-2 2 48 f /a, /opened144, /opened24"])
        }
    }

    @Test
    func timesAreThoseOfTheServerAndOfTheQueue() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/a"], "web": ["/b"]])
            try await database.stopClock()
            for number in 1...20 {
                try await database.execute(
                    """
                    with job as (
                        insert into driftwatch.jobs (queue, kind, server_id, state, run_at, claimed_at, worker_id,
                            created_at, finished_at)
                        select 'default', 'drift_check', 'web-1', 'succeeded', driftwatch.clock() - interval '1 minute',
                            driftwatch.clock() - make_interval(secs => \(number)::int), 'w', driftwatch.clock(),
                            driftwatch.clock()
                        returning job_id)
                    insert into driftwatch.checks (job_id, server_id, pack_name, verdict, checked_at, duration_ms)
                    select job_id, 'web-1', p, 'compliant', driftwatch.clock(), \(number)::int * 100
                    from job, unnest(array['base', 'web']) p
                    """)
            }
            let checks = try await Self.answer(
                "select concat_ws(' ', server_id, queue, checks, median_ms, slow_ms, longest_ms) from driftwatch.check_times",
                database)
            #expect(checks == ["web-1 default 20 1050 1905 2000"])
            let queues = try await Self.answer(
                """
                select concat_ws(' ', queue, jobs, median_wait, slow_wait, median_run, slow_run, longest_run)
                from driftwatch.queue_times
                """, database)
            #expect(queues == ["default 20 00:00:49 00:00:58 00:00:10 00:00:19 00:00:20"])
            let worker = try await Self.answer(
                "select distinct concat_ws(' ', server_id, worker_id, host, outcome, took) from driftwatch.attempts order by 1",
                database)
            #expect(worker.count == 20)
            #expect(worker.first == "web-1 w succeeded 00:00:01")
        }
    }

    @Test
    func whatIsSentIsThereAsText() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.execute(
                "select driftwatch.open_alert('web-1', 'base', 1, 1, '[{\"type\": \"x\", \"item\": \"/a\"}]')")
            try await database.execute("select driftwatch.update_alert(1, 2, 3, '[]')")
            try await database.execute("select driftwatch.resolve_alert(1, 'done', 'alice')")
            try await database.execute("select driftwatch.open_alert('web-1', 'base', 3, 2, '[]')")
            try await database.execute("select driftwatch.close_alert(2, 'compliant', 'driftwatch')")
            let messages = try await Self.answer(
                "select message from driftwatch.all_messages order by outbox_id", database)
            #expect(
                messages == [
                    "Configuration drift detected on WEB-1: 1 item not compliant with base: /a",
                    "Configuration drift changed on WEB-1: 1 → 3 items not compliant with base",
                    "Alert closed on WEB-1 for base: manual by alice: /a",
                    "Configuration drift detected on WEB-1: 2 items not compliant with base",
                    "Configuration compliant on WEB-1 with base",
                ])
        }
    }

    @Test
    func whoDidWhatAndSinceWhenAServerFails() async throws {
        try await withMigratedDatabase { database in
            for server in ["web-1", "web-2", "gone"] {
                try await database.makeServer(server)
                try await database.execute("select driftwatch.note_look(\(server), 'unreachable')")
            }
            try await database.execute("select driftwatch.remove_server('gone', 'alice')")
            try await database.execute("select driftwatch.note_look('web-2', 'login_timeout')")
            try await database.execute("select driftwatch.disable_drift_detection('web-2', 'new disk', null, 'alice')")
            let failing = try await Self.answer(
                """
                select concat_ws(' ', server_id, queue, failing_streak, failing_reason, disabled, last_finished_at)
                from driftwatch.failing_servers
                """, database)
            #expect(failing == ["web-1 default 1 unreachable f", "web-2 default 2 login_timeout t"])
            let done = try await Self.answer(
                "select concat_ws(' ', actor, action, subject, detail) from driftwatch.who_did_what limit 1", database)
            #expect(done == ["alice disable_drift_detection server web-2 reason: new disk"])
        }
    }

    /// What belongs to another server, was never looked at, or has no words, beside what is asked for.
    @Test
    func whatIsNotAskedForIsLeftOut() async throws {
        try await withMigratedDatabase { database in
            for server in ["web-1", "web-2", "web-3"] { try await database.makeServer(server) }
            try await database.stopClock()
            try await database.executeScript(
                """
                set search_path = driftwatch;
                select note_look(s, 'unreachable') from unnest(array['web-1', 'web-2']) s;
                update servers set drift_detection_enabled = false where server_id = 'web-2';
                update drift_states set last_checked_at = clock() where server_id = 'web-1';
                select register_worker(w, 'worker', w || '-host', 1, '1', 8, '{default}') from unnest(array['v', 'w']) w;
                insert into jobs (queue, kind, server_id, state, run_at, claimed_at, worker_id, created_at, finished_at)
                values ('default', 'drift_check', 'web-1', 'succeeded', clock(), clock(), 'w', clock(), clock()),
                       ('default', 'drift_check', 'web-2', 'cancelled', clock(), null, null, clock(), clock());
                insert into checks (job_id, server_id, pack_name, verdict, reason, checked_at, duration_ms)
                values (1, 'web-1', 'base', 'failed', 'unreachable', clock(), 100), (2, 'web-2', 'base', 'failed', 'cancelled', clock(), null);
                select write_audit('alice', 'apply', 'x', '{"list": [1], "of": {"a": 1}, "none": null, "why": "new"}');
                """)
            for (question, answer) in [
                (
                    "select concat_ws(' ', server_id, disabled, last_finished_at is not null) from driftwatch.failing_servers order by 1",
                    ["web-1 f t", "web-2 t f"]
                ),
                ("select concat_ws(' ', server_id, host) from driftwatch.attempts", ["web-1 w-host"]),
                ("select concat_ws(' ', queue, jobs) from driftwatch.queue_times", ["default 1"]),
                ("select concat_ws(' ', server_id, checks) from driftwatch.check_times", ["web-1 1"]),
                ("select detail from driftwatch.who_did_what where action = 'apply' and subject = 'x'", ["why: new"]),
            ] as [(SQL, [String])] {
                #expect(try await Self.answer(question, database) == answer, "\(question)")
            }
        }
    }

    /// Forty weeks of history lie behind this week; each view reads little more than this week.
    @Test
    func aQuestionAboutAWeekReadsNoOtherWeek() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.executeScript(
                """
                create temporary table old as
                select n, clock_timestamp() - case when n <= 20 then interval '1 hour' else n * interval '10 minutes' + interval '8 days' end as at
                from generate_series(1, 40000) n;
                insert into driftwatch.jobs (queue, kind, server_id, state, run_at, claimed_at, worker_id, created_at, finished_at)
                select 'default', 'drift_check', 'web-1', 'succeeded', at, at, 'w', at, at from old;
                insert into driftwatch.checks (job_id, server_id, pack_name, verdict, checked_at, duration_ms)
                select n, 'web-1', 'base', 'compliant', at, 100 from old;
                insert into driftwatch.alerts (server_id, pack_name, title, message, mismatch_count, diff_path, check_id,
                    opened_at, updated_at, status, resolved_at, resolution)
                select 'web-1', 'base', 't', 'm', 1, '/', 1, at, at, 'resolved', at, 'compliant' from old;
                insert into driftwatch.alert_events (alert_id, seq, event, at, actor, detail)
                select n, 1, 'opened', at, 'x', '{"items": []}' from old;
                insert into driftwatch.audit_log (at, actor, action, subject) select at, 'x', 'apply', 'y' from old;
                insert into driftwatch.outbox (alert_id, seq, destination, kind, payload, not_before, created_at, state, sent_at)
                select n, 1, 'default', 'drift_detected', '{}', at, at, 'sent', at from old;
                analyze driftwatch.jobs, driftwatch.checks, driftwatch.alerts, driftwatch.alert_events, driftwatch.audit_log,
                    driftwatch.outbox;
                """)
            for view in Self.views {
                let plan = try await database.rows(
                    "explain (analyze, buffers, format json) select * from driftwatch.\(identifier: view)",
                    as: JSONText.self)[0].rawValue
                let read = try #require(
                    plan.firstMatch(of: /"Shared Hit Blocks": (\d+),\s+"Shared Read Blocks": (\d+)/), "\(plan)")
                let blocks = (Int(read.1) ?? .max) + (Int(read.2) ?? .max)
                #expect(blocks < 300, "\(view) reads \(blocks) blocks: \(plan)")
            }
        }
    }
}
