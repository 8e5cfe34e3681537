import Postgres
import TestSupport
import Testing

/// What is sent of an alert whose messages had to wait.
///
/// Alert 3 is that of web-1 and the pack more, on which /a and /b are wrong; its opening waits.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct FoldingTests {
    private static func undoing(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws
    {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                delete from outbox where alert_id <> 3;
                update destinations set kind = 'slack';
                \(steps)
                """)
            try body(transaction)
        }
    }

    /// Items as a message has them.
    private static func items(_ names: String...) -> String {
        "[\(names.map { #"{"type": "missing_file", "item": "\#($0)"}"# }.joined(separator: ","))]"
    }

    private static func open(_ names: String..., added: Int) -> String {
        """
        update outbox set payload = payload || '{"items": \(names.isEmpty ? "[]" : items(names[0])), "added_count": \(added)}';
        """
    }

    private static func add(_ name: String, count: Int = 3, key: String = "l") -> String {
        right(name, false) + "select update_alert(3, 2, \(count), '\(items(name))', 1, '\(key)');"
    }

    /// Whether an item is right from now on.
    private static func right(_ name: String, _ isRight: Bool = true) -> String {
        "delete from mismatches where server_id = 'web-1' and pack_name = 'more' and item = '\(name)';"
            + (isRight
                ? ""
                : """
                insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
                values ('web-1', 'more', '\(name)', 'missing_file', '\(name)', '{}', '{}', '2026-01-01Z', 2);
                """)
    }

    private static let close = "delete from mismatches; select close_alert(3, 'compliant', 'driftwatch');"
    private static let sent = "update outbox set state = 'sent', sent_at = clock();"
    private static let tried = "update outbox set doubtful_attempts = 1;"
    private static let doubled = "update outbox set attempt = 1;"
    private static let opened = open("/a", added: 1)
    private static func held(_ minutes: Int, when: String) -> String {
        "update outbox set muted_until = clock() - interval '\(minutes) minutes' \(when);"
    }
    private static let seen = "select acknowledge_alert(3, 'mine', actor => 'ann');"
    private static let seenForAnHour = """
        select acknowledge_alert(3, 'mine', clock() + interval '1 hour', actor => 'ann');
        update test_clock set shift = shift + interval '1 hour';
        select end_acknowledgements();
        """
    private static let recount = "select recount_alert(3, 2, 1);"

    /// What happened; the message that is sent: kind, count, how many are new, count before, items, who acknowledged it, and
    /// whether its opening was folded; and the state of every notification.
    private static let foldings: [(String, String, String)] = [
        (opened, "drift_detected 2 +1 /a", "sending"),
        // More was added before the opening was told.
        (opened + add("/c"), "drift_detected 3 +2 /a,/c", "sending folded"),
        (opened + add("/c") + add("/d", count: 4), "drift_detected 4 +3 /a,/c,/d", "sending folded folded"),
        (opened + add("/c") + right("/a"), "drift_detected 3 +1 /c", "sending folded"),
        (opened + right("/a") + add("/a", count: 2), "drift_detected 2 +1 /a", "sending folded"),
        // Somebody is at work on it, or was.
        (opened + seen, "drift_detected 2 +1 /a ann acknowledged", "sending folded"),
        (opened + seen + add("/c"), "drift_detected 3 +2 /a,/c ann open", "sending folded folded"),
        (opened + seenForAnHour, "drift_detected 2 +1 /a ann open", "sending folded folded"),
        (opened + right("/a") + recount, "drift_detected 1 +0 ", "sending folded"),
        // It was over before.
        (opened + close, "drift_resolved 2 /a untold", "folded sending"),
        (opened + add("/c") + close, "drift_resolved 3 /a,/c untold", "folded folded sending"),
        (opened + add("/c") + seen + close, "drift_resolved 3 /a,/c ann untold", "folded folded folded sending"),
        // What it does now says more than that it opened.
        (opened + add("/c") + "select tell_flapping(3, 4);", "drift_flapping 3 /a,/b,/c", "folded folded sending"),
        (opened + sent + "select tell_flapping(3, 4);", "drift_flapping 2 /a,/b", "sent sending"),
        // People know of it, and the rest waits.
        (opened + sent + add("/c"), "drift_changed 3 +1 from 2 /c", "sent sending"),
        (opened + sent + add("/c") + add("/d", count: 4), "drift_changed 4 +2 from 2 /c,/d", "sent sending folded"),
        (opened + sent + add("/c") + right("/c") + recount, "alert_refreshed 1 ", "sent folded sending"),
        (opened + sent + add("/c") + seen, "drift_changed 3 +1 from 2 /c ann acknowledged", "sent sending folded"),
        (opened + sent + add("/c") + close, "drift_resolved 3 /c", "sent folded sending"),
        (opened + sent + seen, "alert_acknowledged 2  ann acknowledged", "sent sending"),
        (opened + sent + seen + recount, "alert_refreshed 1  ann acknowledged", "sent folded sending"),
        (opened + sent + recount + close, "drift_resolved 1 ", "sent folded sending"),
        // It may have been delivered: it is told again as it was, and the rest after it.
        (opened + tried + add("/c"), "drift_detected 2 +1 /a", "sending pending"),
        (opened + doubled + add("/c"), "drift_detected 2 +1 /a", "sending pending"),
        (opened + tried + close, "drift_detected 2 +1 /a", "sending pending"),
        (opened + add("/c") + tried + close, "drift_detected 2 +1 /a", "sending pending pending"),
        // What opened and ended in a hold, or at the look after it, is not told.
        (opened + close + held(0, when: ""), "", "folded folded"),
        (opened + held(15, when: "") + close, "", "folded folded"),
        (opened + held(16, when: "") + close, "drift_resolved 2 /a untold", "folded sending"),
        (opened + add("/c") + close + held(0, when: ""), "", "folded folded folded"),
        (
            opened + sent + add("/c") + close + held(0, when: "where seq > 1"), "drift_resolved 3 /c",
            "sent folded sending"
        ),
        (opened + add("/c") + held(0, when: ""), "drift_detected 3 +2 /a,/c", "sending folded"),
        // What another destination was told, or what was folded, tells nobody here.
        (
            opened + sent + "delete from outbox where destination = 'default';" + add("/c") + close,
            "drift_resolved 3 /c untold", "folded sending"
        ),
        (
            opened + "update outbox set state = 'folded', last_error = 'x';" + add("/c") + close,
            "drift_resolved 3 /c untold", "folded folded sending"
        ),
        // One that was given up was told, as far as anybody knows.
        (
            opened + "update outbox set state = 'dead';" + add("/c") + close + held(0, when: "where seq > 1"),
            "drift_resolved 3 /c", "dead folded sending"
        ),
    ]

    @Test(arguments: foldings)
    func whatWaitsIsToldInOneMessage(given: String, told: String, states: String) async throws {
        let others = "update outbox set state = 'sent', sent_at = clock() where destination = 'pager';"
        try await Self.undoing(given + others) { transaction in
            let found = try transaction.rows(
                """
                select concat_ws(' ', c.payload ->> 'kind', c.payload ->> 'mismatch_count', '+' || (c.payload ->> 'added_count'),
                    'from ' || (c.payload ->> 'previous_count'),
                    coalesce((select string_agg(i ->> 'item', ',') from jsonb_array_elements(c.payload -> 'items') i), ''),
                    c.payload ->> 'acknowledged_by',
                    case when c.payload ->> 'acknowledged_by' is not null and c.kind <> 'drift_resolved' then c.payload ->> 'status' end,
                    case when c.payload ->> 'opening_folded' = 'true' then 'untold' end)
                from driftwatch.claim_outbox('default', 'n', null, '1 minute') c where c.outbox_id is not null
                """, as: String.self)
            #expect(found == (told.isEmpty ? [] : [told]))
            let left = try transaction.rows(
                "select string_agg(state, ' ' order by seq) from driftwatch.outbox where destination = 'default'",
                as: String.self)
            #expect(left == [states])
            let mute = try transaction.rows(
                "select count(*)::integer from driftwatch.outbox where state = 'folded' and last_error is null",
                as: Int.self)
            #expect(mute == [0], "a folded message says why")
            let astray = try transaction.rows(
                """
                select o.last_error from driftwatch.outbox o join driftwatch.outbox f
                on o.last_error = 'told in message ' || f.outbox_id where f.state = 'folded'
                """, as: String.self)
            #expect(astray == [], "what was folded itself told nothing")
            let others = try transaction.rows(
                "select count(*)::integer from driftwatch.outbox where destination = 'pager' and payload ? 'opening_folded'",
                as: Int.self)
            #expect(others == [0])
        }
    }

    @Test
    func whatFlapsIsToldWhateverCameLater() async throws {
        let given = """
            update outbox set kind = 'drift_flapping';
            select close_alert(3, 'manual', 'x');
            """
        try await Self.undoing(given) { transaction in
            let kinds = try transaction.rows(
                "select c.kind from driftwatch.claim_outbox('default', 'n', null, '1 minute') c", as: String.self)
            #expect(kinds == ["drift_flapping"])
        }
    }

    @Test
    func whatCannotBeReadAnyMoreIsToldInOneMessageToo() async throws {
        let given = """
            update unreadables set slots = 3 where server_id = 'web-2' and pack_name = 'base';
            select settle_dark('web-2', 'base', 'recovered', 'driftwatch');
            insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since, slots)
            values ('web-2', 'base', '/d', '/d', 'slow', true, '2026-01-01Z', 3);
            select settle_dark('web-2', 'base', 'recovered', 'driftwatch');
            update outbox set state = 'sent', sent_at = clock() where alert_id = 3;
            update outbox set not_before = clock();
            """
        let claim: SQL = """
            select concat_ws(' ', c.kind, c.payload ->> 'mismatch_count', c.payload ->> 'added_count',
                (select string_agg(i ->> 'item', ',') from jsonb_array_elements(c.payload -> 'items') i),
                c.payload #>> '{failing,slots}', c.payload ->> 'opening_folded')
            from driftwatch.claim_outbox('default', 'n', null, '1 minute') c
            """
        try await Self.undoing(given) { transaction in
            let told = try transaction.rows(claim, as: String.self)
            #expect(told == ["items_unreadable 2 2 /c,/d 3"])
        }
        let over = """
            delete from unreadables where server_id = 'web-2';
            select settle_dark('web-2', 'base', 'recovered', 'driftwatch');
            """
        try await Self.undoing(given + over) { transaction in
            let told = try transaction.rows(claim, as: String.self)
            #expect(told == ["items_readable 2 /c,/d true"])
        }
    }

    /// Thirty items, added three at a time, of which each has two differences.
    @Test
    func aMessageNamesTenItemsAndCountsAll() async throws {
        let given =
            (0..<10).map { step in
                let names = (1...3).map { "/n\(step)\($0)" }
                let items = names.flatMap { name in
                    ["missing_file", "wrong_owner"].map { #"{"type": "\#($0)", "item": "\#(name)"}"# }
                }.joined(separator: ",")
                return """
                    insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
                    select 'web-1', 'more', i ->> 'item', i ->> 'type', i ->> 'item', '{}', '{}', '2026-01-01Z', 2
                    from jsonb_array_elements('[\(items)]') i;
                    select update_alert(3, 2, \(3 * step + 5), '[\(items)]', 3, 'k\(step)');
                    """
            }.joined()
        try await Self.undoing(Self.open("/a", added: 1) + given) { transaction in
            let found = try transaction.rows(
                """
                select concat_ws(' ', c.payload ->> 'added_count', jsonb_array_length(c.payload -> 'items'),
                    driftwatch.count_names(c.payload -> 'items'), c.payload #>> '{items,0,item}', c.payload #>> '{items,18,item}')
                from driftwatch.claim_outbox('default', 'n', null, '1 minute') c
                """, as: String.self)
            #expect(found == ["31 19 10 /a /n23"])
        }
    }

    /// Servers whose alerts changed in the same ways have one message; one that changed in another way has its own.
    @Test
    func whatChangedInTheSameWaysGoesTogether() async throws {
        func changes(of alert: Int, key: String) -> String {
            "select update_alert(\(alert), 2, 3, '\(Self.items("/c"))', 1, '\(key)');"
        }
        let whole = """
            set local search_path = driftwatch;
            delete from outbox where alert_id <= 2;
            update outbox set group_key = 'k', payload = payload || '{"group_key": "k"}';
            \(changes(of: 3, key: "l"))\(changes(of: 4, key: "l"))\(changes(of: 5, key: "m"))
            """
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(whole)
            let claim: SQL = """
                select c.payload ->> 'alert_id' from driftwatch.claim_outbox('default', 'n', null, '1 minute') c order by 1
                """
            let told = try transaction.rows(claim, as: String.self)
            #expect(told == ["3", "4"])
            let keys = try transaction.rows(
                """
                select count(distinct group_key)::integer, bool_and(group_key = payload ->> 'group_key')
                from driftwatch.outbox where destination = 'default' and state in ('pending', 'sending')
                """, as: (Int, Bool).self)
            #expect(keys.map { "\($0)" } == ["(2, true)"])
        }
    }
}
