import Foundation
import Postgres
import TestSupport
import Testing

/// The views that stand before the tables: what they add to them, and that they cost nothing more.
@Suite(.timeLimit(.minutes(2)))
struct RecordViewTests {
    private static func answer(_ sql: SQL, _ database: Database) async throws -> [String] {
        try await database.rows(sql, as: String.self)
    }

    /// A check of one server and pack, with a mismatch and an alert; beside it what is about another server, pack or version.
    private static func withRecords(_ body: (Database) async throws -> Void) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/a", "/b"], "web": ["/c"]])
            try await database.makeServer("web-2", packs: ["base": ["/a"]])
            try await database.stopClock()
            try await database.executeScript(
                """
                set search_path = driftwatch;
                insert into jobs (queue, kind, server_id, state, run_at, created_at, finished_at, requested_by)
                values ('default', 'drift_check', 'web-1', 'succeeded', clock(), clock(), clock(), 'test');
                select record_check(1, 'web-1', 'base', 'sha256:d', 'drifted', null, 1, 1, 0, 'f', '[1]', clock(), 5);
                insert into check_details values
                    ('web-1', 'base', 'other', '[2]'), ('web-2', 'base', 'f', '[3]'),
                    ('web-1', 'web', 'f', '[4]');
                insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
                select s, p, 'file:' || s || p, 'missing_file', '/' || s || p, '{}', '{}', now(), 1
                from (values ('web-1', 'base'), ('web-1', 'web'), ('web-2', 'base')) x (s, p);
                select open_alert('web-1', 'base', 1, 1, '[{"type": "missing_file", "item": "/old"}]', 1);
                """)
            try await body(database)
        }
    }

    @Test
    func theHistoryOfAnAlertReadsAsWords() async throws {
        try await Self.withRecords { database in
            try await database.executeScript(
                """
                set search_path = driftwatch;
                update test_clock set stopped_at = '2026-11-23 06:00Z', shift = '0';
                select acknowledge_alert(1, 'mine', '2026-11-23 07:00Z', 'ann');
                select update_alert(1, 1, 3, '[{"type": "wrong_owner", "item": "/a"}, {"type": "missing_file", "item": "/b"}]');
                select recount_alert(1, 1, 1);
                select acknowledge_alert(1, null, '2026-11-23 07:00Z', 'ann');
                update test_clock set shift = '2 hours';
                select end_acknowledgements();
                select add_alert_event(1, 'moved', 'bob', '{"from": "base", "to": "web"}');
                select add_alert_event(1, 'updated', 'driftwatch', '{"failing": {"reason": "host_key_changed"}}');
                select hold_alerts('2026-11-23 09:00Z', 'deploy 42', server_id => 'web-1', actor => 'ann');
                select resolve_alert(1, 'never mind', 'bob');
                """)
            #expect(
                try await Self.answer("select words from driftwatch.alert_history order by seq", database) == [
                    "opened: 1 item, new: /old (missing file)",
                    "acknowledged by ann until 2026-11-23T07:00:00Z, \"mine\"",
                    "1 → 3 items, new: /a (wrong owner), /b (missing file)",
                    "3 → 1 item, nothing new",
                    "acknowledged by ann until 2026-11-23T07:00:00Z",
                    "open again: the time of ann's acknowledgement is over",
                    "moved from base to web by bob",
                    "host key changed",
                    "resolved by bob: manual, \"never mind\", while held until 2026-11-23T09:00:00Z (deploy 42, by ann)",
                ])
        }
    }

    @Test(
        arguments: [
            (
                """
                select concat_ws(' ', server_id, queue, on_hold, packs::text) from driftwatch.all_servers order by server_id
                """, ["web-1 default f {base,web}", "web-2 default f {base}"]
            ),
            (
                "select concat_ws(' ', pack_name, servers, resolved is not null) from driftwatch.all_packs order by pack_name",
                ["base 2 t", "web 1 t"]
            ),
            (
                """
                select concat_ws(' ', server_id, pack_name, state) from driftwatch.all_assignments
                order by server_id, pack_name
                """, ["web-1 base unknown", "web-1 web unknown", "web-2 base unknown"]
            ),
            (
                "select concat_ws(' ', server_name, pack_display_name, items) from driftwatch.all_checks",
                ["WEB-1 base [1]"]
            ),
            ("select concat_ws(' ', check_kept, server_name) from driftwatch.all_alerts", ["t WEB-1"]),
            ("select i ->> 'item' from driftwatch.all_alerts, jsonb_array_elements(items) i", ["/web-1base"]),
            ("select concat_ws(' ', event, requested_by) from driftwatch.alert_history order by seq", ["opened test"]),
            (
                "select concat_ws(' ', destination, waiting, dead, notifier_id) from driftwatch.all_destinations",
                ["default 1 0"]
            ),
        ] as [(SQL, [String])])
    func eachViewSaysWhatItsTablesMean(question: SQL, answer: [String]) async throws {
        try await Self.withRecords { database in
            let found = try await Self.answer(question, database)
            #expect(found == answer)
        }
    }

    @Test
    func aResolvedAlertShowsWhatItLastAdded() async throws {
        try await Self.withRecords { database in
            try await database.execute("select driftwatch.resolve_alert(1, 'done', 'alice')")
            try await database.execute("delete from driftwatch.checks")
            let items = try await Self.answer(
                "select concat_ws(' ', check_kept, items -> 0 ->> 'item') from driftwatch.all_alerts", database)
            #expect(items == ["f /old"])
        }
    }

    @Test
    func anAlertIsShownWithItsOwnCheckJobAndEvents() async throws {
        try await Self.withRecords { database in
            try await database.executeScript(
                """
                set search_path = driftwatch;
                insert into jobs (queue, kind, server_id, state, run_at, created_at, finished_at, requested_by)
                values ('default', 'drift_check', 'web-2', 'succeeded', clock(), clock(), clock(), 'other');
                select record_check(2, 'web-2', 'base', 'sha256:d', 'drifted', null, 1, 1, 0, 'f', '[1]', clock(), 5);
                select open_alert('web-2', 'base', 2, 1, '[{"type": "missing_file", "item": "/new"}]', 1);
                """)
            let history: SQL = """
                select concat_ws(' ', alert_id, requested_by) from driftwatch.alert_history
                where event = 'opened' order by 1
                """
            #expect(try await Self.answer(history, database) == ["1 test", "2 other"])
            try await database.executeScript(
                """
                set search_path = driftwatch;
                select resolve_alert(1, 'done', 'alice');
                select resolve_alert(2, 'done', 'alice');
                delete from checks where check_id = 1;
                """)
            let alerts: SQL = """
                select concat_ws(' ', alert_id, check_kept, items -> 0 ->> 'item') from driftwatch.all_alerts order by 1
                """
            #expect(try await Self.answer(alerts, database) == ["1 f /old", "2 t /new"])
        }
    }

    @Test
    func anAttemptNamesTheHostOfItsOwnWorker() async throws {
        try await Self.withRecords { database in
            try await database.executeScript(
                """
                set search_path = driftwatch;
                insert into workers (worker_id, process, host, pid, version, started_at, last_seen_at)
                select w, 'worker', 'host-' || w, 1, '1', now(), now() from unnest(array['a', 'b']) w;
                insert into job_attempts (job_id, lease_token, attempt, worker_id, started_at, ended_at, outcome)
                select 1, gen_random_uuid(), n, w, now(), now(), 'retry'
                from unnest(array['a', 'b']) with ordinality x (w, n);
                update jobs set worker_id = 'b', attempt = 3, claimed_at = now();
                """)
            let hosts: SQL = "select concat_ws(' ', attempt, host) from driftwatch.attempts order by attempt"
            #expect(try await Self.answer(hosts, database) == ["1 host-a", "2 host-b", "3 host-b"])
        }
    }

    /// Of several versions the one in force counts; the others are kept beside it.
    @Test
    func aPackSaysWhatItsVersionInForceSays() async throws {
        try await Self.withRecords { database in
            try await database.executeScript(
                """
                insert into driftwatch.pack_versions (pack_name, digest, resolved, first_seen_at)
                values ('base', 'sha256:old', '{"name": "Old"}', now()), ('other', 'sha256:old', '{}', now());
                """)
            let packs = try await Self.answer(
                "select concat_ws(' ', pack_name, resolved ->> 'name' = 'Old') from driftwatch.all_packs order by 1",
                database)
            #expect(packs.count == 2 && !packs.contains("base t"), "\(packs)")
            #expect(try await Self.answer("select pack_name from driftwatch.all_pack_versions", database).count == 5)
        }
    }

    @Test
    func aDestinationCountsItsOwnMessagesAndNamesTheNotifierAtWork() async throws {
        try await Self.withRecords { database in
            let question: SQL = """
                select concat_ws(' ', destination, waiting, dead, notifier_id) from driftwatch.all_destinations order by 1
                """
            try await database.executeScript(
                """
                insert into driftwatch.destinations (destination, next_send_at) values ('other', now());
                insert into driftwatch.outbox (alert_id, seq, destination, kind, payload, not_before, created_at, state, sent_at,
                    lease_token)
                select 7, n, 'other', 'drift_detected', '{}', now(), now(), s, case s when 'sent' then now() end,
                    case s when 'sending' then gen_random_uuid() end
                from unnest(array['sending', 'sent', 'dead']) with ordinality x (s, n);
                update driftwatch.destinations
                set notifier_id = 'n', lease_expires_at = driftwatch.clock() + interval '10 s' where destination = 'other';
                """)
            #expect(try await Self.answer(question, database) == ["default 1 0", "other 1 1 n"])
            try await database.advanceClock(by: .seconds(11))
            #expect(try await Self.answer(question, database) == ["default 1 0", "other 1 1"])
        }
    }

    @Test
    func whatIsPausedIsThereOnce() async throws {
        try await Self.withRecords { database in
            #expect(try await Self.answer("select name from driftwatch.paused", database) == [])
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            try await database.executeScript(
                """
                set search_path = driftwatch;
                insert into queues (queue) values ('dmz');
                insert into schedules (schedule_name, cron, time_zone, updated_at) values ('other', '0 7 * * *', 'UTC', now());
                insert into destinations (destination, next_send_at) values ('other', now());
                """)
            #expect(try await Self.answer("select name from driftwatch.paused", database) == [])
            try await database.executeScript(
                """
                set search_path = driftwatch;
                select pause_queue('default', 'new switch', 'alice');
                select pause_schedule('default', 'holiday', 'bob');
                update destinations set paused_at = now(), paused_reason = 'no_service' where destination = 'default';
                """)
            let paused = try await Self.answer(
                "select concat_ws(' ', kind, name, paused_by, paused_reason) from driftwatch.paused order by 1",
                database)
            #expect(
                paused == [
                    "destination default no_service", "queue default alice new switch", "schedule default bob holiday",
                ])
        }
    }

    @Test(arguments: [
        ("default", "slack", "f" as String?, true), ("default", "slack", nil, false),
        ("default", "console", "f", false),
        ("other", "slack", "f", false),
    ])
    func aDestinationIsServedInOneWayWithOneSecret(name: String, kind: String, fingerprint: String?, isServed: Bool)
        async throws
    {
        try await withMigratedDatabase { database in
            try await database.execute("select driftwatch.announce_destination('default', 'slack', 'f')")
            let answer = try await database.rows(
                "select driftwatch.is_served(\(name), \(kind), \(fingerprint))", as: Bool.self)
            #expect(answer == [isServed])
        }
    }

    /// A query that does not ask for a view's other tables does not read them.
    @Test(
        arguments: [
            ("select count(*) from driftwatch.all_servers", ["servers"]),
            ("select check_id, verdict from driftwatch.all_checks where server_id = 'web-1'", ["checks"]),
            ("select pack_name, digest from driftwatch.all_packs", ["packs"]),
            ("select alert_id, mismatch_count from driftwatch.all_alerts where server_id = 'web-1'", ["alerts"]),
            ("select outbox_id, state from driftwatch.all_messages", ["outbox"]),
        ] as [(SQL, Set<String>)])
    func whatIsNotAskedForIsNotRead(query: SQL, tables: Set<String>) async throws {
        try await withMigratedDatabase { database in
            let plan = try await database.rows("explain (format json) \(query)", as: JSONText.self)[0]
                .rawValue
            #expect(Set(plan.matches(of: /"Relation Name": "(\w+)"/).map { String($0.1) }) == tables, "\(plan)")
        }
    }
}
