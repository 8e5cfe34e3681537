extension AnswerTests {
    /// A message that others may join: alert 201's opening at the destination default.
    private static func other(_ change: String) -> String {
        """
        update outbox set kind = 'check_failing', group_key = hash_of('timeout', 'jump'), not_before = clock() + interval '20 s'
        where alert_id = 201 and seq = 1 and destination = 'default';
        update outbox set \(change) where alert_id = 201 and seq = 1 and destination = 'default';
        """
    }
    private static let failing = """
        update servers
        set failing_streak = 3, failing_since = clock(), failing_reason = 'timeout', failing_jump_host = 'jump', failing_slots = 3
        where server_id = 'web-1';
        """
    /// The last alert.
    private static let unreachable = failing + "select settle_failing('web-1', 'recovered', 'driftwatch', 12);"
    private static let waits = """
        not_before - clock() from outbox
        where alert_id = (select max(alert_id) from alerts) and destination = 'default' order by seq
        """

    static let company = [
        Case(waits, given: unreachable, "00:00:30"),
        Case(waits, given: other("kind = kind") + unreachable, "00:00:20"),
        Case(waits, given: other("destination = 'new'") + unreachable, "00:00:30"),
        Case(waits, given: other("group_key = 'other'") + unreachable, "00:00:30"),
        Case(waits, given: other("kind = 'check_recovered'") + unreachable, "00:00:30"),
        Case(waits, given: other("state = 'folded'") + unreachable, "00:00:30"),
        Case(waits, given: other("attempt = 1") + unreachable, "00:00:30"),
        Case(waits, given: other("not_before = clock()") + unreachable, "00:00:30"),
        // Only the newest message of an alert waits for company, and only while it has not been sent.
        Case(
            waits, given: unreachable + "update test_clock set shift = '10 s';" + recovered,
            "00:00:20,00:00:30"),
        Case(
            isOfCause,
            given: unreachable
                + "update outbox set state = 'sending', lease_token = gen_random_uuid() where state = 'pending';"
                + otherCause, "t"),
        Case(isOfCause, given: unreachable + recovered + otherCause, "t,f"),
        // What a person ends goes with nothing.
        Case(isAlone, given: unreachable + recovered, "f,f"),
        Case(
            isAlone, given: wentDark + readable + settle, "f,f"),
        Case(isAlone, given: wentDark + readable + "select settle_dark('web-1', 'base', 'settings', 'ann');", "f,t"),
        Case(
            isAlone,
            given: unreachable
                + "update servers set failing_after = 0; select settle_failing('web-1', 'settings', 'ann');",
            "f,t"),
    ]
    private static let otherCause = "select keep_company(1000, 'other', null, null);"
    private static let isOfCause =
        "group_key = hash_of('timeout', 'jump') from outbox where alert_id = 1000 and destination = 'default' order by seq"
    private static let isAlone =
        "group_key is null from outbox where alert_id = 1000 and destination = 'default' order by seq"
    private static let recovered = "select note_look('web-1', null, job => 12);"

    private static func remember(readable: Bool = true) -> String {
        """
        select remember('web-1', 'base', 105, 'compliant', '{}', '{}', '[]', '{}',
            '[{"key": "/u", "item": "/u", "reason": "slow", "was_readable": \(readable)}]', clock());
        """
    }
    private static let readable = "delete from unreadables where server_id = 'web-1' and pack_name = 'base';"
    private static let unread = "slots, alerted from unreadables where server_id = 'web-1' and pack_name = 'base'"

    static let memory = [
        Case(unread, given: remember(), "1 f"),
        Case(unread, given: dark(1) + remember(), "2 f"),
        Case(unread, given: dark(1) + "update checks set schedule_name = null, slot_at = null;" + remember(), "1 f"),
        Case(unread, given: dark(1000, alerted: true) + remember(), "1000 t"),
        Case(unread, given: dark(9, alerted: true) + remember(readable: false), "0 f"),
        // One row, though another alert of the pack is open too.
        Case(
            "alert_mismatch_count from lock_assignments('web-1', '{base}')",
            given: opened + wentDark, "1"),
        Case(
            "alert_mismatch_count from lock_assignments('web-1', '{base}')",
            given: wentDark, ""),
    ]

    static let names = [
        Case(
            "length(cut_values(jsonb_build_object('a', repeat('x', n))) ->> 'a') from generate_series(119, 122) n",
            "119,120,120,120"),
        Case(
            "cut_values(jsonb_build_object('a', repeat('x', n))) ->> 'a' = repeat('x', n) from generate_series(120, 121) n",
            "t,f"),
        Case(
            "jsonb_array_length(items_named(max(alert_id), n)) from alerts, generate_series(1, 3) n group by n order by n",
            given: opened + """
                select update_alert(1000, 105, 1, '[{"type": "wrong_owner", "item": "/z"}, {"type": "wrong_mode", "item": "/z"}]');
                """, "1,3,3"),
        Case(
            "event, detail -> 'previous_count' from alert_events where alert_id >= 1000 order by seq",
            given: wentDark + """
                insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since, slots)
                values ('web-1', 'base', '/w', '/w', 'slow', true, clock(), 3);
                """ + settle, "opened ,updated 1"),
        Case(darkMessage, given: darkItems(10), "10 "),
        Case(darkMessage, given: darkItems(12), "10 and 2 more"),
        Case(
            "payload ? 'failing' from outbox where alert_id = 1000 and destination = 'default' order by seq",
            given: opened + closed, "f,f"),
        Case(
            "flapping_since is null from drift_states where server_id = 'web-1' and pack_name = 'base'",
            given: flaps + unassigned, "t"),
        Case(slots, given: failing + unassigned, "3"),
        Case(slots, given: failing + "select stop_watching('web-1', null, 'disabled', 'ann');", "0"),
        Case(counts, given: counted("waived_count") + unassigned, "0 0"),
        Case(counts, given: counted("due_count") + unassigned, "0 0"),
        Case(
            "last_failing(1000) ->> 'reason'", given: unreachable + seen, "timeout"),
        Case(updated, given: opened + namedMore, "f"),
        Case(updated, given: opened + seen + namedMore, "t"),
        Case(
            "detail ->> 'comment' from alert_events where alert_id = 1000 and event = 'resolved'",
            given: opened + """
                insert into waivers (source, server_id, pack_name, item_key, item, reason, author, created_at)
                values ('command', 'web-1', 'base', 'file:/y', '/y', 'known', 'bob', clock());
                select close_alert(1000, 'waived', 'driftwatch');
                """, "bob: known"),
        // An alert about drift never names what cannot be read.
        Case(
            "items_to_show(max(alert_id)) -> 0 ->> 'item' from alerts", given: dark(3, alerted: true) + opened, "/y"),
        Case("e.detail ? 'check_id' from alert_events e where alert_id >= 1000", given: unreachable, "f"),
        Case("e.detail ->> 'check_id' from alert_events e where alert_id >= 1000", given: opened, "105"),
        // Only a message of its own, at this destination, is edited.
        Case(hasParent, given: opened, "f"),
        Case(hasParent, given: opened + parent("default", shared: false), "t"),
        Case(hasParent, given: opened + parent("default", shared: true), "f"),
        Case(hasParent, given: opened + parent("pager", shared: false), "f"),
    ]
    private static let unassigned = "select stop_watching('web-1', 'base', 'unassigned', 'ann');"
    private static let slots = "failing_slots from servers where server_id = 'web-1'"
    private static let counts =
        "waived_count, due_count from drift_states where server_id = 'web-1' and pack_name = 'base'"
    private static func counted(_ column: String) -> String {
        """
        update drift_states set state = 'unknown', \(column) = 1 where server_id = 'web-1' and pack_name = 'base';
        """
    }
    private static let updated =
        "detail ? 'acknowledged_by' from alert_events where alert_id = 1000 and event = 'updated'"
    private static let darkMessage = """
        (select count(*) from regexp_matches(m, 'slow', 'g')) || ' ' || coalesce(substring(m from 'and .* more'), '') from dark_message('web-1', 'base') m
        """
    private static func darkItems(_ count: Int) -> String {
        """
        insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since, slots, alerted)
        select 'web-1', 'base', '/' || n, '/' || n, 'slow', true, clock(), 3, false from generate_series(1, \(count)) n;
        """
    }
    private static let hasParent = "has_parent(o) from outbox o where alert_id >= 1000 and destination = 'default'"

    static let flaps = """
        update drift_states set flapping_since = clock(), equal_checks = 0 where server_id = 'web-1' and pack_name = 'base';
        """
    private static func isOnlyFlapping(_ kind: String) -> String {
        #"is_only_flapping(a, '\#(kind)', '[{"item": "/y"}]') from alerts a where a.alert_id = 1000"#
    }
    private static func canary(_ server: String) -> String {
        "update servers set labels = labels || '{\"canary\": \"true\"}' where server_id = '\(server)';"
    }
    private static let silently = """
        select hold_alerts(clock() + interval '1 hour', 'x', server_id => 'web-1');
        \(namedMore)
        delete from mutes where mute_id = 1000;
        """
    private static let toldAbout = """
        alert_id, kind, jsonb_array_length(payload -> 'items') from outbox
        where alert_id >= 1000 and destination = 'default' and kind in ('drift_flapping', 'drift_settled')
        """
    private static let turns = "turns_of('web-1', 'base', null)"

    static let flapping = [
        Case("turns_of_item('web-1', 'base', '/u')", given: wentDark, "0"),
        Case("turns_of_item('web-1', 'base', '/y')", given: opened, "1"),
        Case("turns_of_item('web-1', 'base', '/y')", given: opened + closed, "2"),
        Case("turns_of_item('web-1', 'base', '/y')", given: opened + "select close_alert(1000, 'manual', 'ann');", "1"),
        Case(turns, "0"),
        Case(turns, given: opened, "1"),
        Case(turns, given: opened + namedMore, "3"),
        Case(turns, given: opened + silently, "1"),
        Case(
            turns,
            given: opened + dark(3, item: "/x") + settle, "1"
        ),
        Case("turns_of('web-1', 'base', '{/z}')", given: opened, "0"),
        Case(turns, given: opened + canary("web-1"), "0"),
        Case(turns, given: opened + canary("app-1"), "1"),
        Case(isOnlyFlapping("drift_changed"), given: opened + closed + flaps, "f"),
        Case(isOnlyFlapping("drift_changed"), given: opened + closed + opened + closed + flaps, "t"),
        Case(isOnlyFlapping("drift_resolved"), given: opened + flaps, "f"),
        // What is told of an acknowledgement says nothing of what was found.
        Case(
            isOnlyFlapping("drift_resolved"),
            given: opened + "update outbox set created_at = clock() - interval '1 hour' where alert_id = 1000;" + flaps
                + seen, "t"),
        Case(toldAbout, given: opened + "select tell_flapping(1000, 4);", "1000 drift_flapping 1"),
        Case(toldAbout, given: opened + closed + "select tell_flapping(1000, 4);", "1000 drift_flapping 1"),
        Case(toldAbout, given: opened + "select tell_settled('web-1', 'base');", "1000 drift_settled 1"),
        Case(toldAbout, given: opened + closed + "select tell_settled('web-1', 'base');", "1000 drift_settled 0"),
        Case(toldAbout, given: opened + wentDark + "select tell_settled('web-1', 'base');", "1000 drift_settled 1"),
        Case(
            "settled_at is null from drift_states where server_id = 'web-1' and pack_name = 'base'",
            given: "select note_flapping('web-1', 'base', null);", "t"),
    ]
}
