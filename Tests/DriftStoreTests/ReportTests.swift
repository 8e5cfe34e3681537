import Postgres
import TestSupport
import Testing

/// Reminders, the digest and the heartbeat: what is due, and that it is queued once.
///
/// Alerts 2 to 5 are open, for web-1 and web-2, base and more, since 06:00; their messages were sent.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct ReportTests {
    private static func undoing(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws
    {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                set local timezone = 'UTC';
                update test_clock set stopped_at = '2026-11-23 06:00Z', shift = '0';
                update alerts set opened_at = clock() where status = 'open';
                update outbox set state = 'sent', sent_at = clock();
                update drift_states set look_wanted_at = null;
                insert into schedules (schedule_name, cron, time_zone, updated_at)
                values ('default', '0 6 * * *', 'Europe/Berlin', clock());
                \(steps)
                """)
            try body(transaction)
        }
    }

    private static func advance(_ minutes: Int) -> String {
        "update test_clock set shift = shift + interval '\(minutes) minutes';"
    }

    private static let remind = "select remind('100 minutes');"
    private static func since(_ minutes: Int, _ alert: Int) -> String {
        "update alerts set opened_at = clock() - interval '\(minutes) minutes' where alert_id = \(alert);"
    }

    /// What happens, and of which alerts people are reminded by the last step.
    private static let reminders: [(String, String)] = [
        (advance(99), ""),
        (advance(100), "2 3 4 5"),
        (advance(100) + remind, ""),
        (advance(100) + remind + advance(99), ""),
        (advance(100) + remind + advance(100), "2 3 4 5"),
        // One is due, and with it those that soon are.
        (since(100, 2) + since(90, 3) + since(89, 4), "2 3"),
        (since(99, 2) + since(90, 3), ""),
        (advance(100) + "select acknowledge_alert(2), resolve_alert(3);", "4 5"),
        (advance(100) + "update servers set labels = '{\"canary\": \"true\"}' where server_id = 'web-1';", "4 5"),
        (advance(100) + "select hold_alerts(clock() + interval '1 hour', 'x', server_id => 'web-1');", "4 5"),
        // Their own messages come first.
        (
            advance(100) + "update outbox set state = 'pending', sent_at = null where alert_id in (2, 3) and seq = 1;",
            "4 5"
        ),
        (
            advance(100)
                + "update outbox set state = 'sending', sent_at = null, lease_token = gen_random_uuid() where alert_id = 2;",
            "3 4 5"
        ),
        // The only one that is due is left out, so the others wait for their time.
        (since(100, 2) + since(95, 4) + "update outbox set state = 'pending', sent_at = null where alert_id = 2;", ""),
        ("update alerts set status = 'resolved', resolved_at = clock(), resolution = 'manual';" + advance(100), ""),
    ]

    @Test(arguments: reminders)
    func peopleAreRemindedOfWhatNobodyHasInHand(given: String, alerts: String) async throws {
        try await Self.undoing(given) { transaction in
            let before = try transaction.one("select count(*) from driftwatch.outbox", as: Int.self)
            let count = try transaction.one("select driftwatch.remind('100 minutes')", as: Int.self)
            let reminded = try transaction.one(
                """
                select coalesce(string_agg(alert_id::text, ' ' order by alert_id), '') from driftwatch.alerts
                where reminded_at = driftwatch.clock()
                """, as: String.self)
            if count > 0 { #expect(reminded == alerts) }
            #expect(count == alerts.split(separator: " ").count)
            let messages = try transaction.one("select count(*) from driftwatch.outbox", as: Int.self) - before
            #expect(messages == (alerts.isEmpty ? 0 : 2), "one per destination")
        }
    }

    @Test
    func aReminderNamesTheAlertsTheOldestFirst() async throws {
        try await Self.undoing(Self.since(300, 4) + Self.since(200, 3) + Self.remind) { transaction in
            let told = try transaction.rows(
                """
                select concat_ws(' ', o.destination, o.alert_id, o.seq, o.state, s ->> 'section', s ->> 'count',
                    (select string_agg(concat_ws('/', e ->> 'server_id', e ->> 'pack_name', e ->> 'items', e ->> 'since'), ' ')
                     from jsonb_array_elements(s -> 'entries') e))
                from driftwatch.outbox o, jsonb_array_elements(o.payload -> 'report') s
                where o.kind = 'reminder' order by o.destination
                """, as: String.self)
            let entries = "web-2/base/2/2026-11-23T01:00:00Z web-1/more/2/2026-11-23T02:40:00Z"
            #expect(
                told == ["default pending unacknowledged 2 \(entries)", "pager pending unacknowledged 2 \(entries)"])
            let claimed = try transaction.rows(
                "select kind from driftwatch.claim_outbox('pager', 'n', null, '1 minute')", as: String.self)
            #expect(claimed == ["reminder"])
        }
    }

    @Test
    func aReportIsAboutWhatItsDestinationTakes() async throws {
        let routed =
            "update destinations set packs = '{more}', labels = '{\"role\": \"web\"}' where destination = 'pager';"
            + #"update servers set labels = '{"role": "web"}' where server_id = 'web-2';"#
            + "delete from outbox where destination = 'pager';"
        try await Self.undoing(routed + Self.advance(200) + Self.remind + Self.digest(-8) + Self.digest(3)) {
            transaction in
            let told = try transaction.rows(
                """
                select concat_ws(' ', o.kind, s ->> 'section', s ->> 'count', (
                    select string_agg(concat_ws('/', e ->> 'server_id', e ->> 'pack_name'), ' ')
                    from jsonb_array_elements(s -> 'entries') e))
                from driftwatch.outbox o, jsonb_array_elements(o.payload -> 'report') s
                where o.destination = 'pager' order by o.outbox_id, s ->> 'section'
                """, as: String.self)
            #expect(
                told == [
                    "reminder unacknowledged 1 web-2/more", "digest dark 1 web-2/more", "digest drifted 1 web-2/more",
                    "digest unacknowledged 1 web-2/more",
                ])
        }
        let elsewhere =
            #"update destinations set labels = '{"role": "none"}' where destination = 'pager';"#
            + "delete from outbox where destination = 'pager';"
        try await Self.undoing(elsewhere + Self.advance(200) + Self.remind + Self.digest(-8) + Self.digest(3)) {
            transaction in
            let kinds = try transaction.rows(
                "select kind || ' ' || (payload -> 'report')::text from driftwatch.outbox where destination = 'pager'",
                as: String.self)
            #expect(kinds == ["digest []"], "a digest comes even if it has nothing to say")
        }
    }

    @Test
    func theDigestTellsOfWaiversAndOfWhatIsDue() async throws {
        let given = """
            update drift_states set waived_count = 2 where server_id = 'web-1' and pack_name = 'base';
            update drift_states set due_count = 3 where server_id = 'web-2' and pack_name = 'more';
            insert into waivers (source, server_id, pack_name, item_key, item, reason, author, until_at, created_at) values
                ('command', 'web-1', 'base', '/a', '/a', 'x', 'ann', clock() + interval '14 days', clock()),
                ('command', 'web-1', 'base', '/b', '/b', 'x', 'ann', clock() + interval '13 days', clock()),
                ('command', 'web-2', 'base', '/a', '/a', 'x', 'ann', clock() + interval '15 days', clock()),
                ('command', 'web-2', 'base', '/b', '/b', 'x', 'ann', null, clock()),
                ('command', 'web-2', 'more', '/b', '/b', 'x', 'ann', clock() - interval '1 day', clock());
            """
        try await Self.undoing(given) { transaction in
            let entries = try transaction.rows(
                """
                select concat_ws(' ', section, server_id, pack_name, items) from driftwatch.digest_entries
                where section in ('waived', 'expiring', 'due') order by place, server_id, pack_name
                """, as: String.self)
            #expect(entries == ["waived web-1 base 2", "expiring web-1 base 2", "due web-2 more 3"])
            let disabled = try transaction.rows(
                """
                select driftwatch.disable_drift_detection(server_id, 'x') is null from driftwatch.all_servers
                """, as: Bool.self)
            #expect(!disabled.isEmpty)
            let left = try transaction.rows(
                "select section from driftwatch.digest_entries where section in ('waived', 'due')", as: String.self)
            #expect(left == [])
        }
    }

    private static func digest(_ hours: Int) -> String {
        "select send_digest('2026-11-23 06:00Z'::timestamptz + interval '\(hours) hours');"
    }

    /// What happens, and how many digests each destination gets.
    private static let digests: [(String, Int)] = [
        // The first one that a new database is told of is only noted.
        (digest(-1), 0),
        (digest(-8) + digest(-1), 1),
        (digest(-8) + digest(-1) + digest(-1), 1),
        (digest(-8) + digest(-2) + digest(-1), 2),
        (digest(-30) + digest(-11), 1),
        (digest(-30) + digest(-12), 0),
        (digest(-30) + digest(-12) + digest(-12), 0),
    ]

    @Test(arguments: digests)
    func aDigestIsQueuedOncePerTimeAndNotTooLate(given: String, count: Int) async throws {
        try await Self.undoing(given) { transaction in
            let queued = try transaction.one(
                "select count(*) from driftwatch.outbox where kind = 'digest' and destination = 'pager'", as: Int.self)
            #expect(queued == count)
            let all = try transaction.one(
                "select count(*) from driftwatch.outbox where kind = 'digest'", as: Int.self)
            #expect(all == 2 * count)
        }
    }

    private static let fleet = """
        update drift_states set state = 'compliant', unreadable_count = 0;
        delete from unreadables; delete from mismatches;
        select resolve_alert(3), resolve_alert(4), resolve_alert(5);
        update outbox set state = 'sent', sent_at = clock();
        """

    /// What happens, and the entries.
    private static let entries: [(String, [String])] = [
        (fleet + "select resolve_alert(2);", []),
        (fleet, ["unacknowledged web-1 base 2"]),
        (fleet + "select acknowledge_alert(2);", []),
        (
            fleet
                + "select resolve_alert(2); update drift_states set state = 'drifted' where server_id = 'web-2' and pack_name = 'more';",
            ["drifted web-2 more 0"]
        ),
        (
            fleet + "update drift_states set state = 'drifted'; update servers set labels = '{\"canary\": \"true\"}';",
            []
        ),
        (fleet + "select resolve_alert(2), note_look('web-2', 'unreachable');", ["failing web-2"]),
        (
            fleet
                + "select note_look('web-2', 'unreachable'), disable_drift_detection('web-2', 'x'), resolve_alert(2);",
            ["disabled web-2"]
        ),
        (
            fleet + "select resolve_alert(2);"
                + "insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since) values ('web-1', 'base', 'a', 'a', 'slow', true, clock());",
            ["dark web-1 base 1"]
        ),
        (
            fleet
                + "select resolve_alert(2), hold_alerts(clock() + interval '1 h', 'x', server_id => 'web-2', pack_name => 'base');",
            ["muted web-2 base"]
        ),
    ]

    @Test(arguments: entries)
    func theDigestIsAboutWhatIsTrueNow(given: String, entries: [String]) async throws {
        try await Self.undoing(given) { transaction in
            let found = try transaction.rows(
                """
                select concat_ws(' ', section, server_id, pack_name, items) from driftwatch.digest_entries
                where server_id <> 'web-3' order by place, server_id
                """, as: String.self)
            #expect(found == entries)
        }
    }

    @Test
    func theDigestCountsAllAndNamesTheFirstFive() async throws {
        let given = """
            \(Self.digest(-8))
            select resolve_alert(n) from generate_series(2, 5) n;
            select apply_server('s-' || n, 'S-' || n, 's-' || n, null, null, null, 'ssh', 'default', '{}', true, '{base}', 'x')
            from generate_series(1, 7) n;
            update drift_states set state = 'compliant', unreadable_count = 0; delete from unreadables; delete from mismatches;
            update drift_states set state = 'drifted', since = clock() - right(server_id, 1)::integer * interval '1 hour'
            where server_id like 's-%';
            \(Self.digest(-1))
            """
        try await Self.undoing(given) { transaction in
            let report = try transaction.one(
                """
                select string_agg(concat_ws(' ', s ->> 'section', s ->> 'count',
                    (select string_agg(e ->> 'server_id', ' ') from jsonb_array_elements(s -> 'entries') e)), '; ')
                from driftwatch.outbox o, jsonb_array_elements(o.payload -> 'report') s
                where o.kind = 'digest' and o.destination = 'pager'
                """, as: String.self)
            #expect(report == "drifted 7 s-7 s-6 s-5 s-4 s-3")
        }
    }

    private static func slot(
        _ minutes: Int, _ columns: String = "clock(), 1, clock(), null", schedule: String = "default"
    ) -> String {
        """
        insert into slots (schedule_name, slot_at, fired_at, enqueued, completed_at, skipped)
        select '\(schedule)', '2026-11-23 06:00Z'::timestamptz + interval '\(minutes) minutes', \(columns);
        """
    }

    private static let claim = "select claim_heartbeat('1 minute');"
    private static func settle(_ minutes: Int, _ error: String = "null") -> String {
        "select settle_heartbeat('2026-11-23 06:00Z'::timestamptz + interval '\(minutes) minutes', \(error));"
    }

    private static func seconds(_ count: Int) -> String {
        "update test_clock set shift = shift + interval '\(count) s';"
    }

    private static let twelveFailures = String(repeating: settle(0, "'x'"), count: 12)

    /// What happens, and the slot, in minutes, whose heartbeat is then to be sent.
    private static let heartbeats: [(String, [Int])] = [
        ("", []),
        (slot(0), [0]),
        (slot(0, "clock(), 1, null, null"), []),
        (slot(0, "null, 0, clock(), 'paused'"), []),
        (slot(0) + slot(5, "clock(), 1, null, null"), [0]),
        (slot(0) + slot(5), [5]),
        (slot(0) + claim, []),
        (slot(0) + claim + seconds(59), []),
        (slot(0) + claim + seconds(60), [0]),
        (slot(0) + claim + settle(0), []),
        (slot(0) + claim + settle(0) + seconds(600), []),
        // A failure is retried, each time later, and five minutes later at the latest.
        (slot(0) + claim + settle(0, "'HTTP 500'") + seconds(9), []),
        (slot(0) + claim + settle(0, "'HTTP 500'") + seconds(10), [0]),
        (slot(0) + claim + settle(0, "'HTTP 500'") + settle(0, "'HTTP 500'") + seconds(19), []),
        (slot(0) + claim + settle(0, "'HTTP 500'") + settle(0, "'HTTP 500'") + seconds(20), [0]),
        (slot(0) + claim + twelveFailures + seconds(299), []),
        (slot(0) + claim + twelveFailures + seconds(300), [0]),
        // Once delivered, nothing changes that.
        (slot(0) + claim + settle(0) + settle(0, "'late'") + seconds(600), []),
        // An older slot is not made up for.
        (slot(0) + slot(5) + claim + settle(5), []),
        (slot(0) + slot(5, schedule: "other"), [0]),
    ]

    @Test(arguments: heartbeats)
    func eachCompleteSlotHasOneHeartbeat(given: String, due: [Int]) async throws {
        try await Self.undoing(given) { transaction in
            let claimed = try transaction.rows(
                """
                select (extract(epoch from slot_at - '2026-11-23 06:00Z') / 60)::integer
                from driftwatch.claim_heartbeat('1 minute')
                """, as: Int.self)
            #expect(claimed == due)
        }
    }

    /// Why it failed, whether it was delivered, and the metric.
    private static func heartbeat(_ transaction: borrowing Transaction) throws -> String {
        try transaction.one(
            """
            select format('%s %s %s', heartbeat_error, heartbeat_at is not null,
                (select value from driftwatch.metrics where metric = 'driftwatch_heartbeat_failing'))
            from driftwatch.recent_slots
            """, as: String.self)
    }

    /// Slots of two schedules at the same time, and how many attempts failed.
    @Test
    func anAttemptIsRecordedAtItsOwnSlotAlone() async throws {
        let slots = Self.slot(0) + Self.slot(5) + Self.slot(0, schedule: "other")
        try await Self.undoing(slots + Self.claim + Self.settle(5, "'HTTP 500'") + Self.settle(5)) { transaction in
            let settled = try transaction.rows(
                """
                select format('%s %s', schedule_name, heartbeat_failures) from slots
                where heartbeat_due_at is not null or heartbeat_at is not null
                """, as: String.self)
            #expect(settled == ["default 1"])
        }
        try await Self.undoing(slots + Self.claim + Self.settle(0)) { transaction in
            let settled = try transaction.rows(
                "select schedule_name || extract(minute from slot_at) from slots where heartbeat_at is not null",
                as: String.self)
            #expect(settled == ["default0"])
        }
    }

    @Test
    func aHeartbeatThatFailsIsShownUntilItIsDelivered() async throws {
        try await Self.undoing(Self.slot(0) + Self.claim + Self.settle(0, "'HTTP 500'")) { transaction in
            #expect(try Self.heartbeat(transaction) == "HTTP 500 f 1")
            try transaction.executeScript(Self.settle(0))
            #expect(try Self.heartbeat(transaction) == " t 0")
        }
    }
}
