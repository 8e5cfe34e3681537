extension AnswerTests {
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

    private static func destinations(_ kind: String) -> String {
        "destination from outbox where alert_id = 1000 and kind = '\(kind)' order by 1"
    }
    /// Nobody but the destination default takes what is about base.
    private static let onlyDefault = "update destinations set packs = '{apt}' where destination <> 'default';"
    private static let refused =
        "update outbox set last_error = 'refused' where alert_id = 206 and seq = 1 and destination = 'default';"
    private static let failure = "last_error from delivery_health where destination = 'default'"
    private static let old = "update outbox set created_at = clock() - interval '1 hour' where alert_id = 1000;"
    private static let settled = "select tell_settled('web-1', 'base');"

    static let routes = [
        Case(destinations("drift_detected"), given: onlyDefault + opened, "default"),
        Case(
            destinations("drift_detected"), given: "update destinations set kind = 'webhook';" + opened,
            "chat,default,pager"),
        Case(
            destinations("alert_refreshed"),
            given: "update destinations set kind = 'webhook' where destination = 'chat';" + opened
                + "select recount_alert(1000, 105, 3);",
            "default,pager"),
        // Of an item that flaps nobody hears, but of what a person does.
        Case(destinations("drift_resolved"), given: opened + old + flaps + closed, ""),
        Case(
            destinations("drift_resolved"), given: opened + old + flaps + "select close_alert(1000, 'manual', 'ann');",
            "chat,default,pager"),
        // Older messages wait that were not tried.
        Case(failure, given: "update destinations set failures = 1;" + refused, "refused"),
        Case(failure, given: refused, ""),
        // Who heard that an alert of web-1's base flaps hears of its end.
        Case(destinations("drift_settled"), given: onlyDefault + opened + closed + settled, "chat,default,pager"),
        Case(
            destinations("drift_settled"),
            given: onlyDefault
                + "delete from outbox where alert_id = 225 and destination = 'pager' and kind = 'drift_flapping';"
                + opened + closed + settled, "chat,default"),
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

    private static func still(_ items: String) -> String {
        "item ->> 'type', item ->> 'item' from jsonb_array_elements(still_wrong(1000, '\(items)')) item"
    }

    static let folding = [
        Case(
            still(#"[{"type": "wrong_mode", "item": "/y"}, {"type": "wrong_owner", "item": "/y"}]"#),
            given: wrong + opened, "wrong_owner /y"),
        Case(still(#"[{"type": "slow", "item": "/u"}]"#), given: wentDark, "slow /u"),
        Case(still(#"[{"type": "slow", "item": "/u"}]"#), given: dark(3, item: "/w") + settle, ""),
        Case(still(#"[{"type": "slow", "item": "/w"}]"#), given: wentDark + dark(2, item: "/w"), ""),
        // The same change, as long as the same is wrong.
        Case("group_key = 'change' from outbox \(first)", given: wrong + changed + seen + fold(1), "t"),
        Case("group_key = 'change' from outbox \(first)", given: changed + seen + fold(1), "f"),
        Case("payload -> 'added_count' from outbox \(first)", given: wrong + changed + seen + fold(1), "1"),
        Case("payload -> 'added_count' from outbox \(first)", given: wrong + changed + namedMore + fold(1), "2"),
        // Nobody has heard of the alert, though others were told before.
        Case(
            "payload ->> 'opening_folded' from outbox where alert_id = 1000 and destination = 'default' and seq = 3",
            given: opened + """
                update outbox set state = 'folded' where alert_id = 1000 and destination = 'default';
                update outbox set state = 'sent', sent_at = clock() where alert_id < 1000 or destination <> 'default';
                """ + namedMore + closed + fold(2), "true"),
        // More was added than the message names.
        Case(states, given: opened + told + many + seen + fold(2), "sent,pending,folded"),
        Case(states, given: opened + told + namedMore + seen + fold(2), "sent,folded,pending"),
        // What has been sent, or tried, stays as it is.
        Case(states, given: opened + namedMore + fold(1), "pending,folded"),
        Case(states, given: opened + namedMore + later("state = 'sent', sent_at = clock()") + fold(1), "pending,sent"),
        Case(states, given: opened + namedMore + later("attempt = 1") + fold(1), "pending,pending"),
    ]
    private static let first = "where alert_id = 1000 and destination = 'default' and seq = 1"
    private static let states = "state from outbox where alert_id = 1000 and destination = 'default' order by seq"
    private static let changed = """
        select open_alert('web-1', 'base', 105, 1, '[{"type": "wrong_owner", "item": "/y"}]', 1, 'change');
        """
    private static let told = "update outbox set state = 'sent', sent_at = clock() where alert_id = 1000;"
    private static let many = #"select update_alert(1000, 105, 12, '[{"type": "wrong_owner", "item": "/x"}]', 11);"#
    private static func later(_ change: String) -> String {
        "update outbox set \(change) where alert_id = 1000 and destination = 'default' and seq = 2;"
    }
    private static func fold(_ seq: Int) -> String {
        """
        select fold_waiting(array(
            select outbox_id from outbox where alert_id = 1000 and destination = 'default' and seq = \(seq)));
        """
    }
}
