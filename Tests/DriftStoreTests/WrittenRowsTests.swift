import Postgres
import TestSupport
import Testing

/// What a function writes: the rows of the server, pack, alert or destination that it is about, no others, and none without
/// need.
///
/// One case at a time: `claim_outbox` passes over what another one holds.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct WrittenRowsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let call: String
        /// What happens before.
        let given: String
        let written: [String]

        init(_ call: String, given: String = "", writes written: String...) {
            self.call = call
            self.given = given
            self.written = written
        }

        var testDescription: String { "\(call) \(given)" }
    }

    /// Every row as its key and its version.
    private static let rows = """
        select 'server ' || server_id as key, ctid as version from servers
        union all select 'state ' || server_id || ' ' || pack_name, ctid from drift_states
        union all select 'mismatch ' || server_id || ' ' || pack_name || ' ' || item_key, ctid from mismatches
        union all select 'unreadable ' || server_id || ' ' || pack_name || ' ' || item_key, ctid from unreadables
        union all select 'check ' || server_id || ' ' || pack_name || ' ' || check_id, ctid from checks
        union all select 'details ' || server_id || ' ' || pack_name || ' ' || fingerprint, ctid from check_details
        union all select 'alert ' || alert_id, ctid from alerts
        union all select 'event ' || alert_id || ' ' || seq, ctid from alert_events
        union all select 'message ' || alert_id || ' ' || seq || ' ' || destination, ctid from outbox
        union all select 'destination ' || destination, ctid from destinations
        union all select 'parent ' || alert_id || ' ' || destination, ctid from alert_parents
        union all select 'job ' || server_id, ctid from jobs
        """

    private static let sending =
        "select claim_outbox(d, 'n', null, '1 minute') from unnest(array['default', 'pager']) d;"

    /// Of alerts 1 and 2, at both destinations.
    private static let parents = """
        insert into alert_parents select d, a, '#ops', 'C1', '1.5', false, 'epoch'
        from unnest(array['default', 'pager']) d, generate_series(1, 2) a;
        """

    private static func record(fingerprint: String = "null", counts: Bool) -> String {
        "select record_check(1, 'web-1', 'base', 'd', 'failed', 'x', 0, 0, 0, \(fingerprint), '[]', '2026-02-01Z', 1, \(counts))"
    }

    private static func remember(_ wrong: String, unreadable: String, key: String = "/c") -> String {
        """
        select remember('web-1', 'base', 2, 'drifted', '{}', '{}', '[\(wrong)]', '{}',
            '[{"key": "\(key)", "item": "\(key)", "reason": "\(unreadable)", "was_readable": true}]', '2026-01-01Z');
        """
    }

    private static func known(_ key: String) -> String { #"{"key": "\#(key)", "type": "missing_file"}"# }

    private static let failing =
        "update servers set failing_streak = 1, failing_since = clock(), failing_reason = 'unreachable';"
    private static let checkOfWeb1 = "update checks set server_id = 'web-1', pack_name = 'base' where check_id = 2;"

    static let looks = [
        Case("select note_look('web-1', null)", given: failing, writes: "server web-1"),
        Case("select note_look('web-1', 'timeout')", given: failing, writes: "server web-1"),
        Case("select note_look('web-1', 'timeout')", writes: "server web-1"),
        Case("select note_look('web-1', null)"),
        Case(record(counts: false), writes: "check web-1 base 3", "state web-1 base"),
        Case(
            record(fingerprint: "'h'", counts: true), writes: "check web-1 base 3", "details web-1 base h"),
        Case(record(fingerprint: "'f'", counts: true), writes: "check web-1 base 3"),
        // The state is left to `remember`.
        Case(record(counts: true), writes: "check web-1 base 3"),
        Case(
            remember(known("/a") + "," + known("/b"), unreadable: "slow"), given: checkOfWeb1,
            writes: "state web-1 base"),
        Case(
            remember(known("/a") + "," + known("/b"), unreadable: "slow"),
            given: checkOfWeb1
                + "update checks set schedule_name = 'default', slot_at = clock(); update unreadables set slots = 1000, alerted = true;",
            writes: "state web-1 base"),
        Case(
            remember(known("/b"), unreadable: "denied"), given: checkOfWeb1,
            writes: "mismatch web-1 base /a", "state web-1 base", "unreadable web-1 base /c"),
        Case(
            remember(known("/a") + "," + known("/b"), unreadable: "slow", key: "/d"), given: checkOfWeb1,
            writes: "state web-1 base", "unreadable web-1 base /c", "unreadable web-1 base /d"),
    ]

    static let alerts = [
        Case(
            "select open_alert('web-1', 'base', 2, 1, '[]')", given: "select close_alert(2, 'manual', 'x');",
            writes: "alert 6", "event 6 1", "message 6 1 default", "message 6 1 pager"),
        Case(
            "select update_alert(2, 2, 3, '[]')",
            writes: "alert 2", "event 2 2", "message 2 2 default", "message 2 2 pager"),
        Case(
            "select recount_alert(2, 2, 1)",
            writes: "alert 2", "event 2 2", "message 2 2 default", "message 2 2 pager"),
        Case(
            "select recount_alert(2, 2, 1)",
            given: "update destinations set kind = 'console' where destination = 'pager';",
            writes: "alert 2", "event 2 2", "message 2 2 default"),
        Case(
            "select close_alert(2, 'compliant', 'x')",
            writes: "alert 2", "event 2 2", "message 2 2 default", "message 2 2 pager"),
        Case("select close_alert(1, 'compliant', 'x')"),
        Case(
            "select acknowledge_alert(2)", writes: "alert 2", "event 2 2", "message 2 2 default", "message 2 2 pager"),
        Case(
            "select acknowledge_alert(2)",
            given: "update destinations set kind = 'console' where destination = 'pager';",
            writes: "alert 2", "event 2 2", "message 2 2 default"),
        Case("select resolve_alert(2)", writes: "alert 2", "event 2 2", "message 2 2 default", "message 2 2 pager"),
        Case(
            "select stop_watching('web-1', 'base', 'disabled', 'x')",
            writes: "alert 2", "event 2 2", "message 2 2 default", "message 2 2 pager", "mismatch web-1 base /a",
            "mismatch web-1 base /b", "state web-1 base", "unreadable web-1 base /c"),
        Case(
            "select stop_watching('web-1', null, 'disabled', 'x')",
            given: "delete from mismatches; delete from unreadables;",
            writes: "alert 2", "alert 3", "event 2 2", "event 3 2", "message 2 2 default", "message 2 2 pager",
            "message 3 2 default", "message 3 2 pager", "state web-1 base", "state web-1 more"),
        Case(
            "select stop_watching('web-1', null, 'disabled', 'x')",
            given: """
                select close_alert(n, 'manual', 'x') from generate_series(2, 5) n;
                update drift_states set state = 'unknown' where pack_name = 'base';
                update drift_states set unreadable_count = 0 where pack_name = 'more';
                """,
            writes: "mismatch web-1 base /a", "mismatch web-1 base /b", "mismatch web-1 more /a",
            "mismatch web-1 more /b",
            "state web-1 base", "state web-1 more", "unreadable web-1 base /c", "unreadable web-1 more /c"),
        Case(
            "select stop_watching('web-1', null, 'disabled', 'x')",
            given: """
                select stop_watching('web-1', null, 'disabled', 'x');
                """),
    ]

    static let operators = [
        Case(
            "select disable_drift_detection('web-1', 'new disk')",
            given: "select stop_watching('web-1', null, 'disabled', 'x');", writes: "server web-1"),
        Case(
            "select enable_drift_detection('web-1')",
            given: """
                update jobs set state = 'cancelled', finished_at = clock();
                select disable_drift_detection(s, 'x') from unnest(array['web-1', 'web-2']) s;
                """,
            writes: "job web-1", "server web-1", "state web-1 base", "state web-1 more"),
        Case("select enqueue_check('web-1')", writes: "job web-1"),
        Case("select resume_destination('default')", writes: "destination default"),
        Case("select pause_destination('pager', 'x')", writes: "destination pager"),
        Case("select add_destination('new', 'console', '{}')", writes: "destination new"),
        Case(
            "select remove_destination('pager', true)", writes: "destination pager", "message 2 1 pager",
            "message 3 1 pager", "message 4 1 pager", "message 5 1 pager"),
        Case(
            "select redrive_outbox((select min(outbox_id) from outbox where alert_id = 2))",
            given: "update outbox set state = 'dead' where state = 'pending';", writes: "message 2 1 default"),
    ]

    static let notifiers = [
        Case("select announce_destination('default', 'slack', null)"),
        // Another destination's secret is new, and its row comes first in the table.
        Case(
            "select announce_destination('pager', 'slack', null)",
            given: """
                select announce_destination('default', 'slack', 'x');
                update destinations set kind = kind where destination = 'pager';
                """),
        Case("select announce_destination('default', 'slack', 'x')", writes: "destination default"),
        Case("select announce_destination('default', 'console', null)", writes: "destination default"),
        Case(
            "select announce_added_destination('pager', k.key, null) from (select fingerprint_key as key from destinations where destination = 'pager') k"
        ),
        Case(
            "select announce_added_destination('pager', k.key, 'x') from (select fingerprint_key as key from destinations where destination = 'pager') k",
            writes: "destination pager"),
        Case("select report_unserved('pager', 'x')", writes: "destination pager"),
        Case("select report_unserved('pager', 'x')", given: "select report_unserved('pager', 'x');"),
        Case(
            "select announce_destination('pager', 'slack', null)", given: "select report_unserved('pager', 'x');",
            writes: "destination pager"),
        Case("select announce_destination('new', 'slack', null)", writes: "destination new"),
        Case("select fingerprint_key_of('default')"),
        Case("select fingerprint_key_of('new')"),
        Case("select fingerprint_key_of('default')", given: "delete from destinations;", writes: "destination default"),
        Case(
            "select claim_outbox('default', 'n', null, '1 minute')", writes: "destination default",
            "message 3 1 default"),
        Case("select claim_outbox('pager', 'n', null, '1 minute')", writes: "destination pager", "message 2 1 pager"),
        // Another notifier's turn, and the wrong secret.
        Case("select claim_outbox('default', 'm', null, '1 minute')", given: sending),
        Case("select claim_outbox('default', 'n', 'x', '1 minute')"),
        Case(
            "select claim_outbox('default', 'n', null, '1 minute')", given: sending,
            writes: "destination default", "message 3 1 default", "message 4 1 default"),
        Case(
            "select settle_outbox(array[outbox_id], lease_token, 'sent') from outbox where state = 'sending' and destination = 'pager'",
            given: sending, writes: "destination pager", "message 2 1 pager"),
        Case(
            """
            select settle_outbox(array[outbox_id], lease_token, 'sent', parent => '{"channel": "a", "channel_id": "b", "remote_id": "c", "shared": false}')
            from outbox where state = 'sending' and destination = 'pager'
            """, given: sending + parents, writes: "destination pager", "message 2 1 pager", "parent 2 pager"),
        Case(
            "select settle_outbox(array[outbox_id], lease_token, 'aside') from outbox where state = 'sending' and destination = 'pager'",
            given: sending, writes: "message 2 1 pager"),
        Case(
            "select release_destination('default', 'n')", given: sending, writes: "destination default",
            "message 3 1 default"),
        Case("select release_destination('default', 'm')", given: sending),
    ]

    static let retention = [
        Case("select forget_checks(interval '90 days')", writes: "check web-1 base 1", "details web-1 base f"),
        Case(
            "select forget_alerts(interval '90 days')", given: parents,
            writes: "alert 1", "event 1 1", "event 1 2", "message 1 1 default", "message 1 1 pager",
            "message 1 2 default", "message 1 2 pager", "parent 1 default", "parent 1 pager"),
    ]

    @Test(arguments: looks + alerts + operators + notifiers + retention)
    func onlyWhatAFunctionIsAboutIsWritten(example: Case) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                alter table alerts alter alert_id restart 6;
                alter table checks alter check_id restart 3;
                \(example.given)
                create temporary table before on commit drop as \(Self.rows);
                \(example.call);
                """)
            let written = try transaction.rows(
                SQL(
                    unescaped: """
                        select key from before full join (\(Self.rows)) after using (key)
                        where before.version is distinct from after.version order by key collate "C"
                        """), as: String.self)
            #expect(written == example.written)
        }
    }
}
