import Postgres
import TestSupport
import Testing

/// What functions answer at the edges of their rules, about web-1's base in the crowd.
@Suite(.database(from: .crowd), .timeLimit(.minutes(2)))
struct AnswerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        /// What is shown, as one text.
        let question: String
        /// What happens before.
        let given: String
        let answer: String

        init(_ question: String, given: String = "", _ answer: String) {
            self.question = question
            self.given = given
            self.answer = answer
        }

        var testDescription: String {
            "\(question) given \(given)".split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
    }

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
            waits,
            given: unreachable
                + "update outbox set state = 'sending', lease_token = gen_random_uuid() where state = 'pending';"
                + "select keep_company(max(alert_id), 'other', null, null) from alerts;",
            "00:00:30"),
        // What a person ends goes with nothing.
        Case(isAlone, given: unreachable + recovered, "f,f"),
        Case(
            isAlone, given: wentDark + readable + "select settle_dark('web-1', 'base', 'recovered', 'driftwatch');",
            "f,f"),
        Case(isAlone, given: wentDark + readable + "select settle_dark('web-1', 'base', 'settings', 'ann');", "f,t"),
        Case(
            isAlone,
            given: unreachable
                + "update servers set failing_after = 0; select settle_failing('web-1', 'settings', 'ann');",
            "f,t"),
    ]
    private static let wentDark = dark(3) + "select settle_dark('web-1', 'base', 'recovered', 'driftwatch');"
    private static let isAlone =
        "group_key is null from outbox where alert_id = 1000 and destination = 'default' order by seq"
    private static let recovered = "select note_look('web-1', null, job => 12);"

    private static let opened = """
        select open_alert('web-1', 'base', 105, 1, '[{"type": "wrong_owner", "item": "/y"}]');
        """
    private static func dark(_ slots: Int, alerted: Bool = false, item: String = "/u") -> String {
        """
        insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since, slots, alerted)
        values ('web-1', 'base', '\(item)', '\(item)', 'slow', true, clock(), \(slots), \(alerted));
        """
    }
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
                select settle_dark('web-1', 'base', 'recovered', 'driftwatch');
                """, "opened ,updated 1"),
        Case(darkMessage, given: darkItems(10), "10 "),
        Case(darkMessage, given: darkItems(12), "10 and 2 more"),
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
    private static func parent(_ destination: String, shared: Bool) -> String {
        """
        insert into alert_parents (destination, alert_id, channel, channel_id, remote_id, shared, posted_at)
        select '\(destination)', max(alert_id), '#ops', 'C', '1.0', \(shared), clock() from alerts;
        """
    }

    /// Another version of base, or a version of another pack: as base has it now, but for what is changed.
    private static func version(_ pack: String, _ digest: String, _ resolved: String = "v.resolved") -> String {
        """
        insert into pack_versions
        select (jsonb_populate_record(v, jsonb_build_object('pack_name', '\(pack)', 'digest', \(digest), 'resolved', (\(resolved))::jsonb))).*
        from packs p join pack_versions v using (pack_name, digest) where p.pack_name = 'base';
        """
    }
    /// Two items that people see under the same words, which are the key of one.
    private static let ambiguous =
        version(
            "base", "'twice'",
            #"'{"items": {"files": [{"item_key": "file:/x", "item": "file:/x"}, {"item_key": "file:/y", "item": "file:/x"}]}}'"#
        )
        + "update packs set digest = 'twice' where pack_name = 'base';"

    static let items = [
        Case("item_key from item_named('base', '/x')", given: version("apt", "p.digest"), "file:/x"),
        Case(
            "item_key from item_named('base', '/old')",
            given: version("base", "'old'", #"'{"items": {"files": [{"item_key": "file:/old", "item": "/old"}]}}'"#), ""
        ),
        Case("item_key from item_named('base', '/x')", given: version("base", "'old'"), "file:/x"),
        Case("item_key from item_named('base', 'file:/x')", given: ambiguous, "file:/x"),
        Case(
            "key_shown('web-1', null, 'base', '/y')",
            given: """
                insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
                select 'web-1', 'base', key, 'wrong_owner', '/y', '{}', '{}', clock(), 105 from unnest(array['/1', '/2']) key;
                """, ""),
    ]

    private static let inventory =
        #"apply_waivers('[{"server_id": "web-1", "pack_name": "base", "item": "/x", "reason": "r", "author": "ann"}]', 'ann')"#
    private static let ofInventory =
        "count(*) filter (where ended_at is null), count(*) from waivers where source = 'inventory'"

    static let waivers = [
        Case(ofInventory, given: "select \(inventory); select \(inventory);", "1 1"),
        Case(
            ofInventory,
            given: "select add_waiver('web-1', null, 'base', '/x', 'r', null, 'ann'); select \(inventory);", "1 1"),
        Case(ofInventory, given: "select \(inventory); select apply_waivers('[]', 'ann'); select \(inventory);", "1 2"),
    ]

    /// The messages of as many alerts, sent for one slot.
    private static func sent(_ count: Int) -> String {
        """
        update outbox set kind = 'drift_detected', schedule_name = 'default', slot_at = clock() + interval '2 hours', attempt = 1
        where alert_id between 201 and 200 + \(count) and seq = 1 and destination = 'default';
        """
    }
    /// Another alert is about the same thing, and has no message that could be edited.
    private static let together = """
        delete from alert_parents where alert_id = 201;
        update outbox
        set kind = 'drift_detected', group_key = 'g', schedule_name = null, slot_at = null,
            not_before = clock() - alert_id * interval '1 minute'
        where destination = 'default' and (alert_id = 1000 or alert_id = 201 and seq = 1);
        """
    /// Two changes were found in the slot of job 12; what else waits differs in one thing each.
    private static let inSlot = """
        delete from alert_parents where alert_id < 210;
        delete from mutes;
        update outbox
        set kind = case alert_id when 209 then 'drift_changed' else 'drift_detected' end,
            schedule_name = case alert_id when 207 then 'daily' else 'default' end,
            slot_at = clock() + case alert_id when 208 then 3 else 2 end * interval '1 hour',
            state = case alert_id when 206 then 'folded' else 'pending' end, not_before = clock() - alert_id * interval '1 minute'
        where destination = 'default' and (alert_id in (204, 1000) or alert_id between 206 and 211 and seq = 1);
        """
    private static let next = """
        o.alert_id from unnest(next_message('default', clock())) with ordinality n (id, place)
        join outbox o on o.outbox_id = n.id order by n.place
        """
    private static let isNext = "is_next(o) from outbox o where alert_id = 1000 and destination = 'default'"
    private static let ofSlot = "messages_of_slot('default', 'drift_detected', 'default', clock() + interval '2 hours')"

    private static func still(_ items: String) -> String {
        "item ->> 'type', item ->> 'item' from jsonb_array_elements(still_wrong(1000, '\(items)')) item"
    }
    private static let wrong = """
        insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
        values ('web-1', 'base', '/y', 'wrong_owner', '/y', '{}', '{}', clock(), 105);
        """
    private static let settle = "select settle_dark('web-1', 'base', 'recovered', 'driftwatch');"

    static let folding = [
        Case(
            still(#"[{"type": "wrong_mode", "item": "/y"}, {"type": "wrong_owner", "item": "/y"}]"#),
            given: wrong + opened, "wrong_owner /y"),
        Case(still(#"[{"type": "slow", "item": "/u"}]"#), given: wentDark, "slow /u"),
        Case(still(#"[{"type": "slow", "item": "/u"}]"#), given: dark(3, item: "/w") + settle, ""),
        Case(still(#"[{"type": "slow", "item": "/w"}]"#), given: wentDark + dark(2, item: "/w"), ""),
    ]

    static let groups = [
        Case(ofSlot, given: sent(2), "2"),
        Case(ofSlot, given: sent(9), "5"),
        Case(isNext, given: opened, "t"),
        Case(
            isNext, given: opened + "select hold_alerts(clock() + interval '1 hour', 'x', server_id => 'web-1');", "f"),
        Case(next, given: opened + together, "1000,201"),
        Case(
            next,
            given: opened + together
                + "insert into alert_parents select destination, 201, channel, channel_id, remote_id, false, posted_at from alert_parents where alert_id = 202;",
            "1000"),
        // While the slot lasts, one of its five messages is kept: what is left goes together.
        Case(next, given: opened + sent(3) + inSlot, "204,1000"),
        Case(next, given: opened + sent(3) + inSlot + "update slots set completed_at = clock();", "1000"),
        // What edits a message goes alone.
        Case(next, given: opened + together + parent("default", shared: false), "1000"),
    ]

    private static let closed = "select close_alert(max(alert_id), 'compliant', 'driftwatch') from alerts;"
    private static let flaps = """
        update drift_states set flapping_since = clock(), equal_checks = 0 where server_id = 'web-1' and pack_name = 'base';
        """
    private static func isOnlyFlapping(_ kind: String) -> String {
        #"is_only_flapping(a, '\#(kind)', '[{"item": "/y"}]') from alerts a where a.alert_id = 1000"#
    }
    private static func canary(_ server: String) -> String {
        "update servers set labels = labels || '{\"canary\": \"true\"}' where server_id = '\(server)';"
    }
    /// The alert names /x too, as the resolved one did that turned twice.
    private static let namedMore = #"select update_alert(1000, 105, 2, '[{"type": "wrong_owner", "item": "/x"}]');"#
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
                + "select acknowledge_alert(1000, 'ann');", "t"),
        Case(toldAbout, given: opened + "select tell_flapping(1000, 4);", "1000 drift_flapping 1"),
        Case(toldAbout, given: opened + closed + "select tell_flapping(1000, 4);", "1000 drift_flapping 1"),
        Case(toldAbout, given: opened + "select tell_settled('web-1', 'base');", "1000 drift_settled 1"),
        Case(toldAbout, given: opened + closed + "select tell_settled('web-1', 'base');", "1000 drift_settled 0"),
        Case(toldAbout, given: opened + wentDark + "select tell_settled('web-1', 'base');", "1000 drift_settled 1"),
        Case(
            "settled_at is null from drift_states where server_id = 'web-1' and pack_name = 'base'",
            given: "select note_flapping('web-1', 'base', null);", "t"),
    ]

    @Test(arguments: folding + groups + flapping + company + memory + names + items + waivers)
    func answers(example: Case) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                alter table alerts alter alert_id restart 1000;
                alter table mutes alter mute_id restart 1000;
                \(example.given)
                """)
            let answer = try transaction.rows(
                SQL(
                    unescaped:
                        "select replace(trim(both '()\"' from (r.*)::text), ',', ' ') from (select \(example.question)) r"
                ),
                as: String.self)
            #expect(answer.joined(separator: ",") == example.answer)
        }
    }
}
