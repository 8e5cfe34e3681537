extension CrowdTests {
    private static let wrong = """
        insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
        select 'web-1', 'base', key, 'wrong_owner', key, '{}', '{}', clock(), 105 from unnest(array['/x', '/y']) key;
        """
    private static let items = #"[{"type": "wrong_owner", "item": "/x"}, {"type": "wrong_owner", "item": "/y"}]"#

    /// Alert 1000, with messages 1 that wait.
    private static let opened = wrong + "select open_alert('web-1', 'base', 105, 2, '\(items)', 2, 'change');"

    /// Items that slots could not read; as many as `alerted` are named by an alert.
    private static func dark(_ items: [String], slots: Int = 3, alerted: Int = 0) -> String {
        items.enumerated().map { place, item in
            """
            insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since, slots, alerted)
            values ('web-1', 'base', '\(item)', '\(item)', 'slow', true, clock(), \(slots), \(place < alerted));
            """
        }.joined()
    }

    /// Alert 1000 about two items.
    private static let wentDark =
        dark(["/u", "/v"]) + "select settle_dark('web-1', 'base', 'recovered', 'driftwatch');"

    private static func failing(_ slots: Int, alerted: Bool = false) -> String {
        """
        update servers
        set failing_streak = 5, failing_since = clock(), failing_reason = 'timeout', failing_detail = 'no answer',
            failing_jump_host = 'jump', failing_slots = \(slots), failing_alerted = \(alerted)
        where server_id = 'web-1';
        """
    }

    /// Alert 1000 about the server.
    private static let unreachable = failing(3) + "select settle_failing('web-1', 'recovered', 'driftwatch', 12);"

    private static let flaps = """
        update drift_states set flapping_since = clock(), equal_checks = 0 where server_id = 'web-1' and pack_name = 'base';
        """
    private static let waived = """
        insert into waivers (source, server_id, pack_name, item_key, item, reason, author, created_at)
        values ('command', 'web-1', 'base', 'file:/x', '/x', 'of web-1', 'bob', clock());
        """

    private static func record(job: Int, counts: Bool) -> String {
        """
        select record_check(\(job), 'web-1', 'base', 'd', 'incomplete', null, 0, 0, 1, 'g', '["new"]', clock(), 1, \(counts))
        """
    }

    private static func remember(unreadable: String) -> String {
        """
        select remember('web-1', 'base', 1000, 'drifted', '{}', '{}', '[{"key": "/x", "type": "wrong_owner"}]', '{}',
            '[\(unreadable)]', clock())
        """
    }
    private static let unreadable = #"{"key": "/u", "item": "/u", "reason": "slow", "was_readable": true}"#

    static let checks = [
        Case(.server, begin(), given: failing(2)),
        Case(.server, begin("'timeout'"), given: failing(2)),
        Case(.server, begin(), given: unreachable),
        Case(.server, begin(address: "elsewhere")),
        Case(.assignment, "select * from lock_assignments('web-1', '{base}')", given: opened),
        Case(.assignment, "select * from lock_assignments('web-1', '{base}')"),
        Case(.assignment, record(job: 22, counts: false)),
        Case(.assignment, record(job: 22, counts: true)),
        Case(.assignment, remember(unreadable: ""), given: opened + record(job: 22, counts: true)),
        Case(.assignment, remember(unreadable: unreadable), given: record(job: 22, counts: true)),
        Case(
            .assignment, remember(unreadable: unreadable),
            given: dark(["/u", "/w"], slots: 2) + record(job: 22, counts: true)),
        Case(.assignment, remember(unreadable: ""), given: wentDark + record(job: 22, counts: true)),
    ]

    private static func begin(_ failure: String = "null", address: String = "web-1") -> String {
        "select begin_effects('web-1', \(failure), '\(address)', null, null, null, 'ssh', 22, 'no answer', 'jump')"
    }

    static let failing = [
        Case(.server, "select failing_facts('web-1', 12)", given: failing(2)),
        Case(.server, "select note_look('web-1', 'timeout', 'no answer', 'jump', 12)"),
        Case(.server, "select note_look('web-1', 'refused', 'no', null, 12)", given: failing(2)),
        Case(.server, "select note_look('web-1', 'refused', 'no', null, 12)", given: unreachable),
        Case(.server, "select note_look('web-1', null, job => 12)", given: unreachable),
        Case(.server, "select settle_failing('web-1', 'settings', 'ann')", given: unreachable + expectedSometimes),
        Case(.server, "select settle_failing('web-1', 'settings', 'ann')", given: failing(2, alerted: true)),
        Case(.server, "select settle_checking('web-1', 'ann')", given: wentDark + failing(3)),
        Case(.alert, "select last_failing(1000)", given: unreachable),
        Case(.alert, "select keep_company(1000, 'timeout', 'jump', 12)", given: opened),
        Case(.alert, "select keep_company(1000, 'timeout', 'jump', null)", given: opened),
        Case(.assignment, "select dark_title('web-1', 'base', 2), dark_message('web-1', 'base')", given: dark(["/u"])),
        Case(.assignment, "select * from dark_items('web-1', 'base')", given: dark(["/u"]) + dark(["/w"], slots: 2)),
        Case(.assignment, settleDark),
        Case(.assignment, settleDark, given: dark(["/u", "/v"])),
        Case(.assignment, settleDark, given: dark(["/u", "/v"], alerted: 1)),
        Case(.assignment, settleDark, given: wentDark + dark(["/y"])),
        Case(
            .assignment, settleDark,
            given: wentDark + "delete from unreadables where item = '/u' and pack_name = 'base' and server_id = 'web-1'"
        ),
        Case(.assignment, settleDark, given: wentDark + lighter),
        Case(.assignment, "select settle_dark('web-1', 'base', 'settings', 'ann')", given: wentDark + lighter),
    ]
    private static let expectedSometimes = "update servers set expect = 'sometimes' where server_id = 'web-1';"
    private static let settleDark = "select settle_dark('web-1', 'base', 'recovered', 'driftwatch')"
    private static let lighter = """
        update unreadables set slots = 0 where server_id = 'web-1' and pack_name = 'base';
        """

    static let alerts = [
        Case(.alert, "select items_named(1000, 10), items_to_show(1000)", given: opened),
        Case(.alert, "select items_to_show(1000)", given: opened + "select close_alert(1000, 'manual', 'ann')"),
        Case(.alert, "select items_to_show(1000)", given: wentDark),
        Case(.assignment, "select open_alert('web-1', 'base', 105, 2, '\(items)', 2, 'change')", given: wrong),
        Case(.assignment, "select wrong_now('web-1', 'base'), drift_message('web-1', 'base', 2)", given: wrong),
        Case(.alert, "select add_alert_event(1000, 'updated', 'ann', '{}')", given: opened),
        Case(.alert, "select owe_notification(1000, 2, 'drift_changed', '{}', 'g', 105)", given: opened),
        Case(.alert, "select update_alert(1000, 105, 3, '\(items)', 1, 'other')", given: opened),
        Case(.alert, "select update_alert(1000, 105, 3, '\(items)', 1, 'other')", given: opened + seen),
        Case(.alert, "select recount_alert(1000, 105, 1)", given: opened),
        Case(.alert, "select reopen_alert(1000)", given: opened + seen),
        Case(.assignment, "select close_alert(1000, 'compliant', 'driftwatch')", given: opened),
        Case(.assignment, "select close_alert(1000, 'waived', 'driftwatch')", given: opened + waived),
        Case(.assignment, "select close_alert(1000, 'manual', 'ann', 'done')", given: opened),
        Case(.assignment, "select close_alert(1000, 'recovered', 'driftwatch')", given: unreachable),
        Case(.assignment, "select acknowledge_alert(1000)", given: opened),
        Case(.assignment, "select resolve_alert(1000)", given: opened),
        Case(.assignment, "select stop_watching('web-1', 'base', 'unassigned', 'ann')", given: opened + flaps),
        Case(.server, "select stop_watching('web-1', null, 'disabled', 'ann')", given: opened + unreachable + flaps),
        Case(.assignment, "select end_acknowledgements()", given: opened + seenForNow),
    ]
    private static let seen = "select acknowledge_alert(1000, 'ann');"
    private static let seenForNow = """
        select acknowledge_alert(1000, 'ann', until => clock() + interval '1 minute');
        update test_clock set shift = '1 hour';
        """

    static let exemptions = [
        Case(.assignment, "select muted_by('web-1', 'base')"),
        Case(.assignment, "select muted_by('web-1', 'base')", given: hold),
        Case(.assignment, "select muted_by('web-1', null)", given: hold),
        Case(.assignment, hold),
        Case(.assignment, "select close_window(1000)", given: hold + ";" + opened),
        Case(.assignment, "select close_window(1000)", given: silence + ";" + opened),
        Case(.assignment, "select close_window(1000)", given: silence),
        Case(.assignment, "select end_mute('hold', 1000, 'ann')", given: hold + ";" + opened),
        Case(.assignment, "select * from item_named('base', '/x')"),
        Case(.assignment, "select * from item_named('base', 'file:/base')"),
        Case(.assignment, "select key_shown('web-1', null, 'base', '/x')"),
        Case(.assignment, "select key_shown('web-1', null, 'base', '/x')", given: wrong),
        Case(.assignment, #"select key_shown(null, '{"name": "web-1"}', 'base', '/u')"#, given: dark(["/u"])),
        Case(.assignment, "select look_at_waived('web-1', null, 'base')"),
        Case(.assignment, #"select look_at_waived(null, '{"name": "web-1"}', 'base')"#),
        Case(.assignment, #"select servers_waived(null, '{"name": "web-1"}', 'base')"#),
        Case(.assignment, "select servers_waived('web-1', null, 'base')"),
        Case(.assignment, "select add_waiver('web-1', null, 'base', '/x', 'known', null, 'ann')"),
        Case(.assignment, "select end_waiver(1000, 'ann')", given: waived),
        Case(.assignment, "select * from apply_waivers('[]', 'ann')", given: inventoried),
        Case(.assignment, "select * from apply_waivers('[\(inInventory)]', 'ann')"),
        Case(.assignment, "select * from apply_waivers('[\(inInventory)]', 'ann')", given: inventoried),
    ]
    private static let hold =
        "select hold_alerts(clock() + interval '1 hour', 'deploy', server_id => 'web-1', pack_name => 'base', actor => 'ann')"
    private static let silence =
        "select silence_alerts(clock() + interval '1 hour', 'night', server_id => 'web-1', pack_name => 'base', actor => 'ann')"
    private static let inInventory =
        #"{"server_id": "web-1", "pack_name": "base", "item": "/x", "reason": "known", "author": "ann"}"#
    private static let inventoried = "select apply_waivers('[\(inInventory)]', 'ann');"

    static let flapping = [
        Case(.assignment, "select turns_of_item('web-1', 'base', '/x')", given: opened),
        Case(.assignment, "select turns_of_item('web-1', 'base', '/y')", given: opened),
        Case(.assignment, "select turns_of('web-1', 'base', array['/x', '/y'])", given: opened),
        Case(.assignment, "select turns_of('web-1', 'base', null)", given: opened),
        Case(.assignment, "select turns_of('web-1', 'base', null)", given: wentDark),
        Case(.assignment, onlyFlapping(1000, "drift_changed"), given: opened),
        Case(.assignment, onlyFlapping(1000, "drift_changed"), given: opened + flaps),
        Case(.assignment, onlyFlapping(1000, "drift_resolved"), given: opened + flaps),
        Case(.alert, onlyFlapping(1000, "drift_resolved"), given: opened + told + flaps),
        Case(.assignment, "select note_flapping('web-1', 'base', 1)"),
        Case(.assignment, "select note_flapping('web-1', 'base', null)", given: flaps),
        Case(.assignment, "select note_flapping('web-1', 'base', null)"),
        Case(.assignment, "select tell_flapping(1000, 4)", given: opened),
        Case(.assignment, "select tell_settled('web-1', 'base')", given: opened),
        Case(.assignment, "select tell_settled('web-1', 'base')"),
    ]
    private static let told =
        "update outbox set state = 'sent', sent_at = clock(), created_at = clock() - interval '1 hour' where alert_id = 1000;"

    private static func onlyFlapping(_ alert: Int, _ kind: String) -> String {
        "select is_only_flapping(a, '\(kind)', '[{\"item\": \"/y\"}]') from alerts a where a.alert_id = \(alert)"
    }

    static let messages = [
        Case(.messages, next, given: opened + due),
        Case(.messages, next, given: opened + added + due),
        Case(.messages, next, given: opened + due + tried),
        Case(.messages, next, given: opened + due + withoutSlot),
        Case(.messages, next, given: opened + due + withoutSlot + parent),
        Case(.messages, next, given: opened + due + parent),
        Case(
            .messages,
            "select o.seq, is_next(o), has_parent(o) from outbox o where alert_id = 1000 and destination = 'default'",
            given: opened + added),
        Case(
            .messages,
            "select o.seq, is_next(o), has_parent(o) from outbox o where alert_id = 1000 and destination = 'default'",
            given: opened + added + parent),
        Case(
            .messages,
            "select p.* from outbox o, parent_of(o.outbox_id) p where alert_id = 1000 and destination = 'default'",
            given: opened + parent),
        Case(
            .messages, "select messages_of_slot('default', 'drift_detected', 'default', clock() + interval '2 hours')",
            given: opened),
        Case(
            .messages, "select messages_of_slot('default', 'drift_detected', 'default', clock() + interval '2 hours')",
            given: opened + tried),
        Case(.messages, "select wait_for_company('default', 'drift_detected', 105)"),
        Case(.messages, "select still_wrong(1000, '\(items)')", given: opened),
        Case(.messages, "select still_wrong(1000, '\(moreItems)')", given: opened),
        Case(.messages, "select still_wrong(1000, '\(moreItems)')", given: wentDark),
        Case(.messages, fold, given: opened + added),
        Case(
            .messages, fold, given: opened + sent + added + "select update_alert(1000, 105, 4, '\(moreItems)', 2, 'c')"),
        Case(.messages, fold, given: opened + added + fold + ";" + resolved),
        Case(.messages, fold, given: opened + resolved),
        Case(.messages, fold, given: opened + sent + added + resolved),
        Case(
            .messages, fold, given: opened + "update outbox set muted_until = clock() where alert_id = 1000;" + resolved
        ),
        Case(.messages, fold, given: opened + sent + seen + "select recount_alert(1000, 105, 1)"),
    ]
    private static let next = """
        select o.alert_id, o.seq, o.destination from outbox o
        where o.outbox_id = any((select next_message('default', clock()))::bigint[])
        """
    private static let fold = """
        select fold_waiting(array(
            select outbox_id from outbox where alert_id = 1000 and destination = 'default' and state = 'pending' order by seq limit 1))
        """
    private static let added =
        "select update_alert(1000, 105, 3, '[{\"type\": \"wrong_owner\", \"item\": \"/y\"}]', 1, 'change');"
    private static let due = "update outbox set not_before = clock() - interval '3 hours' where alert_id = 1000;"
    private static let tried = "update outbox set attempt = 1 where alert_id = 1000;"
    private static let sent = "update outbox set state = 'sent', sent_at = clock() where alert_id = 1000;"
    private static let withoutSlot = "update outbox set schedule_name = null, slot_at = null where alert_id = 1000;"
    private static let resolved = "select close_alert(1000, 'compliant', 'driftwatch');"
    private static let parent = """
        insert into alert_parents (destination, alert_id, channel, channel_id, remote_id, shared, posted_at)
        values ('default', 1000, '#ops', 'C', '1.0', false, clock());
        """
    private static let moreItems =
        #"[{"type": "missing_file", "item": "/x"}, {"type": "wrong_owner", "item": "/x"}, {"type": "missing_file", "item": "/u"}]"#
}
