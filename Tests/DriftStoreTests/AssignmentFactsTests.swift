import Postgres
import TestSupport
import Testing

/// What a worker reads of a server's packs, and what an alert tells: of this server and pack, and not of others.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct AssignmentFactsTests {
    private static func undoing(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws
    {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript("set local search_path = driftwatch; \(steps)")
            try body(transaction)
        }
    }

    private static let differ = """
        delete from mismatches where not (server_id = 'web-1' and pack_name = 'base') and item_key = '/a';
        update drift_states set never_compliant = '{"/a": ["missing_file"], "/b": ["missing_file"]}'
        where not (server_id = 'web-1' and pack_name = 'base');
        update drift_states set never_compliant = '{"/b": ["missing_file"]}' where server_id = 'web-1' and pack_name = 'base';
        select recount_alert(a, 2, a::integer) from unnest(array[2, 3, 4, 5]::bigint[]) a;
        """

    @Test
    func aWorkerReadsWhatIsRememberedOfEachPack() async throws {
        try await Self.undoing(Self.differ + "select close_alert(3, 'manual', 'x');") { transaction in
            let rows = try transaction.rows(
                """
                select format('%s %s %s %s %s', l.pack_name, l.digest = p.digest,
                    (select string_agg(r ->> 'key', ',') from jsonb_array_elements(l.remembered) r), l.alert_id,
                    l.alert_mismatch_count)
                from driftwatch.lock_assignments('web-1', '{base,more,other}') l
                join driftwatch.packs p on p.pack_name = l.pack_name
                """, as: String.self)
            #expect(rows == ["base t /a,/b 2 2", "more t /b  "])
        }
    }

    @Test
    func whatIsWrongNowIsCountedPerServerAndPack() async throws {
        try await Self.undoing(Self.differ) { transaction in
            let rows = try transaction.rows(
                """
                select concat_ws(' ', s, p, w.differences, w.never_compliant)
                from unnest(array['web-1', 'web-2']) s, unnest(array['base', 'more']) p, driftwatch.wrong_now(s, p) w
                order by s, p
                """, as: String.self)
            #expect(rows == ["web-1 base 2 1", "web-1 more 1 1", "web-2 base 1 1", "web-2 more 1 1"])
        }
    }

    @Test(arguments: [
        ("select 1", "opened 2"),
        ("select update_alert(2, 7, 3, '[]')", "updated 7"),
        ("select recount_alert(2, 7, 3)", "recounted 7"),
        ("select acknowledge_alert(2)", "acknowledged "),
        ("select resolve_alert(2)", "resolved "),
    ])
    func anEventNamesTheCheckThatCausedIt(step: String, event: String) async throws {
        try await Self.undoing(step) { transaction in
            let last = try transaction.one(
                """
                select format('%s %s', event, detail ->> 'check_id') from driftwatch.alert_events
                where alert_id = 2 order by seq desc limit 1
                """, as: String.self)
            #expect(last == event)
        }
    }

    /// What a check resolves says how much that check read; what a person resolves says nothing of it.
    @Test(arguments: [("compliant", "7 2"), ("manual", " ")])
    func aResolutionSaysHowMuchWasRead(resolution: String, counts: String) async throws {
        let given = """
            update drift_states set item_count = 7, unreadable_count = 2 where server_id = 'web-1' and pack_name = 'base';
            select close_alert(2, '\(resolution)', 'x');
            """
        try await Self.undoing(given) { transaction in
            let told = try transaction.rows(
                """
                select format('%s %s', payload ->> 'item_count', payload ->> 'unreadable_count') from driftwatch.outbox
                where alert_id = 2 and kind = 'drift_resolved'
                """, as: String.self)
            #expect(told == [counts, counts])
        }
    }
}
