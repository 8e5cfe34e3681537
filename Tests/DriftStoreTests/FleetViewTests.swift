import Postgres
import TestSupport
import Testing

/// `fleet_status` and `open_alerts`, row by row.
@Suite(.database(from: .migrated), .timeLimit(.minutes(2)))
struct FleetViewTests {
    /// Two servers with two packs each, all different, one without packs, and one that is gone.
    private static let fleet = """
        set search_path = driftwatch;
        update drift_states set state = 'drifted' where not (server_id = 'web-2' and pack_name = 'more');
        insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
        select s, p, i, t, i, '{}', '{}', clock(), 1
        from (values ('web-1', 'base', '/a', 'x'), ('web-1', 'base', '/a', 'y'), ('web-1', 'more', '/b', 'x'),
                     ('web-1', 'more', '/c', 'x'), ('web-2', 'base', '/d', 'x'), ('web-2', 'base', '/e', 'x'),
                     ('web-2', 'base', '/f', 'x')) m (s, p, i, t);
        insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since)
        select s, p, i, i, 'slow', readable, since::timestamptz
        from (values ('web-1', 'base', '/g', true, '2026-01-05Z'), ('web-1', 'base', '/h', false, '2026-01-01Z'),
                     ('web-1', 'more', '/i', true, '2026-01-04Z'), ('web-1', 'more', '/j', true, '2026-01-03Z'),
                     ('web-2', 'more', '/k', false, '2026-01-02Z')) u (s, p, i, readable, since);
        select open_alert('web-1', 'base', 1, 1, '[]'), open_alert('web-1', 'more', 1, 2, '[]'),
               open_alert('web-2', 'base', 1, 3, '[]'), open_alert('web-2', 'more', 1, 4, '[]');
        select acknowledge_alert(2), resolve_alert(4);
        update drift_states d set pack_digest = p.digest from packs p where p.pack_name = d.pack_name and p.pack_name = 'base';
        update drift_states d set pack_digest = 'old' where pack_name = 'more' and server_id = 'web-2';
        """

    private static func with(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.execute("update driftwatch.test_clock set stopped_at = clock_timestamp()")
            for server in ["web-1", "web-2"] {
                try transaction.makeServer(server, packs: ["base": ["/a"], "more": ["/b"]])
            }
            for server in ["bare", "gone"] { try transaction.makeServer(server, packs: [:]) }
            try transaction.execute("select driftwatch.remove_server('gone', 'test')")
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                alter table alerts alter alert_id restart;
                alter table checks alter check_id restart;
                \(steps)
                """)
            try body(transaction)
        }
    }

    @Test
    func eachRowShowsItsOwnServerAndPack() async throws {
        try await Self.with(Self.fleet) { transaction in
            let rows = try transaction.rows(
                """
                select format('%s %s %s %s %s %s %s %s', server_id, pack_name, mismatch_count, alert_id, alert_status,
                              dark_count, to_char(unreadable_since at time zone 'UTC', 'MM-DD'), outdated)
                from driftwatch.fleet_status order by server_id, pack_name
                """, as: String.self)
            #expect(
                rows == [
                    "bare  0   0  ", "web-1 base 1 1 open 1 01-05 f", "web-1 more 2 2 acknowledged 2 01-03 ",
                    "web-2 base 3 3 open 0  f", "web-2 more 0   0  t",
                ])
            let alerts = try transaction.rows(
                "select concat_ws(' ', alert_id, display_name, pack_name, status) from driftwatch.open_alerts",
                as: String.self)
            #expect(alerts == ["1 WEB-1 base open", "2 WEB-1 more acknowledged", "3 WEB-2 base open"])
        }
    }

    private static let elevenMinutes = "update test_clock set shift = shift + interval '11 minutes';"
    private static let hold = "select disable_drift_detection('web-1', 'new disk', clock() + interval '5 minutes');"
    private static let off = "update servers set drift_detection_enabled = false where server_id = 'web-1';"
    private static let failing = """
        update servers set failing_since = clock(), failing_streak = 1, failing_reason = 'unreachable'
        where server_id = 'web-1';
        """

    /// What happens to a server with a new pack, and its standing, whether it is disabled and why, and whether its first
    /// check is overdue.
    private static let standings: [(String, String)] = [
        ("", "unknown f  f"),
        ("update test_clock set shift = shift + interval '10 minutes';", "unknown f  f"),
        (elevenMinutes, "unknown f  t"),
        (off + elevenMinutes, "disabled t off in the inventory f"),
        (elevenMinutes + hold, "disabled t new disk f"),
        (off + hold, "disabled t off in the inventory f"),
        // The hold is over.
        (hold + elevenMinutes, "unknown f  t"),
        (failing + elevenMinutes, "failed f  f"),
        ("update drift_states set latest_verdict = 'failed';" + elevenMinutes, "failed f  f"),
        ("update drift_states set latest_verdict = 'drifted', state = 'drifted';" + failing, "drifted f  f"),
        ("update drift_states set latest_verdict = 'failed', state = 'drifted';", "drifted f  f"),
        (
            "update drift_states set latest_verdict = 'incomplete', unreadable_count = 1;" + elevenMinutes,
            "incomplete f  f"
        ),
        (
            "update drift_states set latest_verdict = 'compliant', state = 'compliant';" + elevenMinutes,
            "compliant f  f"
        ),
        ("update drift_states set state = 'drifted';" + hold, "disabled t new disk f"),
    ]

    @Test(arguments: standings)
    func aServersStandingFollowsWhatHappened(steps: String, row: String) async throws {
        try await Self.with(steps) { transaction in
            let rows = try transaction.rows(
                """
                select format('%s %s %s %s', standing, disabled, disabled_reason, check_overdue)
                from driftwatch.fleet_status where server_id = 'web-1' and pack_name = 'base'
                """, as: String.self)
            #expect(rows == [row])
        }
    }

    @Test(arguments: [off, hold, failing])
    func aServerWithoutPacksHasNoStanding(steps: String) async throws {
        try await Self.with(steps.replacing("web-1", with: "bare")) { transaction in
            let rows = try transaction.rows(
                "select standing from driftwatch.fleet_status where server_id = 'bare'", as: String?.self)
            #expect(rows == [nil])
        }
    }

    @Test
    func theNewestCheckIsNamedWhileItIsThere() async throws {
        let steps = """
            insert into checks (job_id, server_id, pack_name, verdict, reason, checked_at)
            select n, 'web-1', 'base', 'failed', 'x', clock() from generate_series(1, 3) n;
            update drift_states set latest_check_id = 2;
            """
        try await Self.with(steps) { transaction in
            for (deleted, shown) in [(0, 2), (1, 2), (2, nil)] as [(Int64, Int64?)] {
                try transaction.execute("delete from driftwatch.checks where check_id <= \(deleted)")
                let rows = try transaction.rows(
                    "select distinct last_check_id from driftwatch.fleet_status where pack_name is not null",
                    as: Int64?.self)
                #expect(rows == [shown])
            }
        }
    }
}
