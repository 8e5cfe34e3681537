import DriftCore
import Foundation
import Postgres
import TestSupport
import Testing

/// The messages that show alerts as they are, and what they are given to show.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct ParentTests {
    private static func undoing(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws
    {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript("set local search_path = driftwatch; \(steps)")
            try body(transaction)
        }
    }

    private static func parents(in transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            "select concat_ws(' ', destination, alert_id, channel, channel_id, remote_id) from driftwatch.alert_parents order by 1",
            as: String.self)
    }

    private static func settle(_ id: String) -> String {
        """
        select claim_outbox('default', 'n', null, '1 minute');
        select settle_outbox(array[outbox_id], lease_token, 'sent', parent =>
            '{"channel": "#ops", "channel_id": "C1", "remote_id": "\(id)", "shared": false}')
        from outbox where state = 'sending' and destination = 'default';
        update destinations set next_send_at = 'epoch';
        """
    }

    @Test
    func theMessageOfAnAlertIsRememberedPerDestinationAndReplaced() async throws {
        try await Self.undoing(Self.settle("1.1") + Self.settle("1.2")) { transaction in
            let parents = try Self.parents(in: transaction)
            #expect(parents == ["default 3 #ops C1 1.1", "default 4 #ops C1 1.2"])
        }
        let again =
            "select update_alert(3, 2, 3, '[]'); update outbox set not_before = clock() + '1 h' where alert_id > 3;"
        try await Self.undoing(Self.settle("1.1") + again + Self.settle("1.2")) { transaction in
            let parents = try Self.parents(in: transaction)
            #expect(parents == ["default 3 #ops C1 1.2"])
        }
    }

    private static let item = #"[{"type": "missing_file", "item": "/new"}]"#

    /// What happens, and what an alert of web-1 and base shows.
    @Test(arguments: [
        ("", "/a missing_file,/b missing_file"),
        // None is wrong any more: all that it has named.
        ("delete from mismatches where server_id = 'web-1';", ""),
        (
            "select update_alert(2, 2, 3, '\(item)'), update_alert(2, 2, 3, '[]'); delete from mismatches where server_id = 'web-1';",
            "/new missing_file"
        ),
        (
            """
            select update_alert(2, 2, 3, '\(item)'), update_alert(2, 2, 3, '[{"type": "wrong_owner", "item": "/c"}, {"type": "missing_file", "item": "/new"}]'),
                update_alert(3, 2, 3, '[{"type": "wrong_owner", "item": "/other"}]');
            delete from mismatches where server_id = 'web-1';
            """, "/c wrong_owner,/new missing_file"
        ),
        // Of what cannot be read: the items that it has named.
        ("update alerts set alert_type = 'check_failing' where alert_id = 2;", ""),
        (
            "update alerts set alert_type = 'check_failing' where alert_id = 2; update unreadables set alerted = server_id = 'web-1' and pack_name = 'base';",
            "/c slow"
        ),
    ])
    func anAlertShowsWhatIsWrongOrWhatItWasAbout(given: String, shown: String) async throws {
        try await Self.undoing(given) { transaction in
            let items = try transaction.rows(
                """
                select coalesce(string_agg(concat(i ->> 'item', ' ', i ->> 'type'), ',' order by n), '')
                from jsonb_array_elements(driftwatch.items_to_show(2)) with ordinality e (i, n)
                """, as: String.self)
            #expect(items == [shown])
        }
    }

    @Test
    func theEndNamesWhatTheAlertWasAboutAndWhenItCame() async throws {
        let given = """
            update test_clock set stopped_at = '2026-11-23 06:00Z', shift = '0';
            select acknowledge_alert(2, 'mine', '2026-11-23 07:00Z', 'ann');
            select close_alert(2, 'compliant', 'x');
            """
        try await Self.undoing(given) { transaction in
            let facts = try transaction.rows(
                """
                select concat_ws(' ', kind, payload #>> '{items,0,item}', payload ->> 'acknowledged_until', payload ->> 'resolved_at')
                from driftwatch.outbox where alert_id = 2 and destination = 'default' order by seq
                """, as: String.self)
            #expect(
                facts == [
                    "drift_detected", "alert_acknowledged 2026-11-23T07:00:00Z",
                    "drift_resolved /a 2026-11-23T07:00:00Z 2026-11-23T06:00:00Z",
                ])
        }
    }

    @Test
    func aSettleThatIsRepeatedOrTooLateRemembersNothing() async throws {
        let late = """
            select settle_outbox(array[outbox_id], lease_token, 'sent', parent =>
                '{"channel": "#ops", "channel_id": "C1", "remote_id": "late", "shared": false}')
            from outbox where lease_token is not null;
            """
        try await Self.undoing(Self.settle("1.1") + late) { transaction in
            let parents = try Self.parents(in: transaction)
            #expect(parents == ["default 3 #ops C1 1.1"])
        }
        await #expect(throws: DatabaseError.self) {
            try await Self.undoing(
                """
                select claim_outbox('default', 'n', null, '1 minute');
                select settle_outbox(array[outbox_id], gen_random_uuid(), 'sent', parent =>
                    '{"channel": "#ops", "channel_id": "C1", "remote_id": "late", "shared": false}')
                from outbox where state = 'sending';
                """
            ) { _ in }
        }
    }

    @Test
    func aMessageIsGivenTheParentOfItsAlertAtItsDestination() async throws {
        let parents = """
            insert into alert_parents select d, a, '#' || d, 'C' || a, a || '.5', false, 'epoch'
            from unnest(array['default', 'pager']) d, generate_series(2, 4) a;
            """
        try await Self.undoing(parents) { transaction in
            let found = try transaction.rows(
                """
                select concat_ws(' ', o.destination, o.alert_id, p.channel, p.channel_id, p.remote_id)
                from driftwatch.outbox o left join lateral driftwatch.parent_of(o.outbox_id) p on true
                where o.alert_id in (3, 5) order by 1
                """, as: String.self)
            #expect(found == ["default 3 #default C3 3.5", "default 5", "pager 3 #pager C3 3.5", "pager 5"])
        }
    }

    /// What happens to alert 2, and what the last message is given: status, who acknowledged it, count, and what is shown.
    private static let shown: [(String, String)] = [
        ("select update_alert(2, 2, 3, '[]')", "open - 3 /a,/b"),
        ("select recount_alert(2, 2, 1)", "open - 1 /a,/b"),
        ("select acknowledge_alert(2, 'mine', actor => 'x')", "acknowledged x 2 /a,/b"),
        ("select acknowledge_alert(2, actor => 'x'); select update_alert(2, 2, 3, '[]')", "open x 3 /a,/b"),
        ("delete from mismatches where item = '/a'; select recount_alert(2, 2, 1)", "open - 1 /b"),
        ("select close_alert(2, 'manual', 'x')", "resolved - 2 /a,/b"),
        // Nothing is wrong any more: then what was added last.
        (
            """
            select update_alert(2, 2, 3, '[{"type": "missing_file", "item": "/new"}]'); delete from mismatches;
            select close_alert(2, 'compliant', 'driftwatch')
            """, "resolved - 3 /new"
        ),
        (
            "insert into mismatches select server_id, pack_name, n, type, n, expected, actual, since, check_id"
                + " from mismatches, unnest(array['m1','m2','m3','m4','m5','m6','m7','m8','m9']) n where item = '/a';"
                + "insert into mismatches select server_id, pack_name, item_key, 'wrong_owner', item, expected, actual, since, check_id"
                + " from mismatches where item = 'm8'; select recount_alert(2, 2, 11)",
            "open - 11 /a,/b,m1,m2,m3,m4,m5,m6,m7,m8,m8"
        ),
    ]

    @Test(arguments: shown)
    func everyMessageSaysWhatIsTrueOfItsAlert(given: String, wanted: String) async throws {
        try await Self.undoing(given + ";") { transaction in
            let said = try transaction.one(
                """
                select concat_ws(' ', payload ->> 'status', coalesce(payload ->> 'acknowledged_by', '-'), payload ->> 'mismatch_count',
                    (select string_agg(i ->> 'item', ',' order by n)
                     from jsonb_array_elements(payload -> 'wrong_items') with ordinality w (i, n)))
                from driftwatch.outbox where alert_id = 2 and destination = 'default' order by seq desc limit 1
                """, as: String.self)
            #expect(said == wanted)
        }
    }

    @Test
    func valuesAreCut() async throws {
        let long =
            #"update mismatches set expected = jsonb_build_object('text', repeat('ß', 5000)), actual = '{"mode": "0644"}';"#
        try await Self.undoing(long + "select recount_alert(2, 2, 1);") { transaction in
            let payload = try transaction.one(
                "select payload::text from driftwatch.outbox where alert_id = 2 and seq = 2 and destination = 'default'",
                as: String.self)
            let facts = try NotificationFacts(json: Array(payload.utf8))
            let item = try #require(facts.wrongItems?.first)
            #expect(item.expected == ["text": String(repeating: "ß", count: 119) + "…"])
            #expect(item.actual == ["mode": "0644"])
            #expect(facts.kind == .alertRefreshed && facts.status == .open)
        }
    }

    @Test
    func anAlertThatSplitsOffAnAcknowledgedOneIsShownAsAcknowledged() async throws {
        let split = """
            select acknowledge_alert(2, actor => 'x'); select close_alert(3, 'manual', 'x');
            select split_alert(2, 'base', 'more', 'apply');
            """
        try await Self.undoing(split) { transaction in
            let said = try transaction.rows(
                """
                select concat_ws(' ', kind, payload ->> 'status', payload ->> 'acknowledged_by') from driftwatch.outbox
                where alert_id > 5 and destination = 'default'
                """, as: String.self)
            #expect(said == ["drift_detected acknowledged x"])
        }
    }

    @Test
    func anAlertThatMovesToAnotherPackIsShownThere() async throws {
        try await Self.undoing("select close_alert(3, 'manual', 'x'); select move_alert(2, 'base', 'more', 'apply');") {
            transaction in
            let said = try transaction.rows(
                """
                select concat_ws(' ', kind, payload ->> 'pack_name') from driftwatch.outbox
                where alert_id = 2 and seq > 1 and destination = 'default'
                """, as: String.self)
            #expect(said == ["alert_refreshed more"])
        }
    }
}
