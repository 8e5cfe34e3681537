import Postgres
import TestSupport
import Testing

/// What the views show of servers and items that cannot be checked.
@Suite(.database(from: .migrated), .timeLimit(.minutes(2)))
struct FailingViewTests {
    /// web-1 and laptop, both judged compliant an hour ago.
    private static func with(_ body: @Sendable (borrowing Transaction) throws -> Void) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                alter table alerts alter alert_id restart;
                update test_clock set stopped_at = '2026-11-27 06:00Z', shift = '0';
                """)
            for server in ["laptop", "web-1"] { try transaction.makeServer(server) }
            try transaction.executeScript(
                """
                update servers set expect = 'sometimes', stale_after = '14 days' where server_id = 'laptop';
                update drift_states
                set state = 'compliant', last_checked_at = clock() - interval '1 hour', since = clock() - interval '1 hour';
                """)
            try body(transaction)
        }
    }

    private static func standings(_ transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            """
            select concat_ws(' ', server_id, standing, case when stale then 'stale' end, failing_alert_id, failing_alert_status)
            from driftwatch.fleet_status order by server_id
            """, as: String.self)
    }

    @Test
    func aServerThatIsOftenOffIsInOrderUntilItIsStale() async throws {
        try await Self.with { transaction in
            for server in ["laptop", "web-1"] { try transaction.fail(slots: 3, of: server) }
            #expect(try Self.standings(transaction) == ["laptop compliant", "web-1 failed 1 open"])
            try transaction.execute("select driftwatch.acknowledge_alert(1)")
            try transaction.execute("update driftwatch.test_clock set shift = '13 days 22 hours'")
            #expect(try Self.standings(transaction) == ["laptop compliant", "web-1 failed 1 acknowledged"])
            try transaction.execute("update driftwatch.test_clock set shift = '13 days 23 hours 1 second'")
            #expect(try Self.standings(transaction) == ["laptop failed stale", "web-1 failed 1 acknowledged"])
        }
    }

    /// Without a span of its own, two slots decide.
    @Test
    func aSpanOfItsOwnTakesThePlaceOfTwoSlots() async throws {
        try await Self.with { transaction in
            try transaction.executeScript(
                """
                insert into schedules (schedule_name, cron, time_zone, updated_at, next_slot_at, last_due_at, due_before_last_at)
                values ('default', '0 6 * * *', 'UTC', clock(), clock() + interval '1 day', clock(), clock() - interval '1 minute');
                """)
            #expect(try Self.standings(transaction) == ["laptop compliant", "web-1 compliant stale"])
            try transaction.execute("update driftwatch.servers set stale_after = '2 hours'")
            #expect(try Self.standings(transaction) == ["laptop compliant", "web-1 compliant"])
            try transaction.execute("update driftwatch.servers set stale_after = '59 minutes'")
            #expect(try Self.standings(transaction) == ["laptop compliant stale", "web-1 compliant stale"])
        }
    }

    @Test
    func everyViewSaysWhyAServerCannotBeChecked() async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 3)
            #expect(
                try transaction.rows(
                    "select alert_type || ' ' || coalesce(pack_name, '-') from driftwatch.open_alerts", as: String.self)
                    == ["check_failing -"])
            #expect(
                try transaction.rows(
                    "select (failing ->> 'detail') || ' ' || items from driftwatch.all_alerts", as: String.self)
                    == ["ssh: timed out []"])
            #expect(
                try transaction.rows(
                    """
                    select concat_ws('|', server_id, failing_reason, failing_detail, failing_jump_host, failing_slots, expect, alert_id)
                    from driftwatch.failing_servers
                    """, as: String.self) == ["web-1|unreachable|ssh: timed out|bastion|3|always|1"])
            #expect(
                try transaction.rows(
                    "select concat_ws('|', failing_detail, failing_jump_host, failing_slots, expect, failing_after) from driftwatch.all_servers where server_id = 'web-1'",
                    as: String.self) == ["ssh: timed out|bastion|3|always|3"])
            #expect(
                try transaction.rows(
                    """
                    select concat_ws(' ', labels ->> 'type', labels ->> 'status', value) from driftwatch.metrics
                    where metric = 'driftwatch_alerts' order by 1
                    """, as: String.self) == [
                        "check_failing acknowledged 0", "check_failing open 1", "config_drift acknowledged 0",
                        "config_drift open 0",
                    ])
            #expect(
                try transaction.rows("select count(*)::int from driftwatch.drifted_this_week", as: Int.self) == [0],
                "nothing drifted")
        }
    }

    @Test(arguments: [
        ("select note_look('web-1', null)", "WEB-1 can be checked again"),
        ("select resolve_alert(1, null)", "Alert closed on WEB-1: manual by "),
    ])
    func messagesAreShownAsText(end: String, text: String) async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 3)
            try transaction.executeScript(end)
            let messages = try transaction.rows(
                "select message from driftwatch.all_messages order by outbox_id", as: String.self)
            #expect(messages[0] == "Cannot check WEB-1: unreachable: ssh: timed out")
            #expect(messages[1].hasPrefix(text))
        }
    }

    @Test
    func itemsThatWentDarkAreNamedWithTheirReasons() async throws {
        try await Self.with { transaction in
            try transaction.executeScript(
                """
                insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since, slots)
                select 'web-1', 'base', k, k, 'slow', true, clock() - interval '3 days', n
                from (values ('/a', 3), ('/b', 2)) u (k, n);
                select settle_dark('web-1', 'base', 'recovered', 'driftwatch');
                """)
            let alert = try transaction.one(
                "select items::text || ' ' || (failing is null) from driftwatch.all_alerts", as: String.self)
            #expect(alert == #"[{"item": "/a", "type": "slow"}] true"#)
            #expect(
                try transaction.rows("select message from driftwatch.all_messages", as: String.self)
                    == ["1 item of base can no longer be read on WEB-1: /a"])
            #expect(
                try transaction.rows(
                    "select concat_ws(' ', dark_alert_id, dark_alert_status, alert_id) from driftwatch.fleet_status where server_id = 'web-1'",
                    as: String.self) == ["1 open"])
            #expect(
                try transaction.rows("select slots from driftwatch.known_unreadables order by item", as: Int.self)
                    == [3, 2])
        }
    }
}
