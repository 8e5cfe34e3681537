import Postgres
import TestSupport
import Testing

/// What a change of some packs of web-1 must leave alone: other packs, the same packs of another server, and alerts that are
/// over.
///
/// Their memory differs from what the tests give web-1, so that a function that reads it instead is noticed too.
enum Bystanders {
    /// More items than any pack of the tests has.
    private static let paths = ["/a", "/b", "/w", "/x", "/y", "/z"]

    /// Runs `body` with a server web-1 that has `packs`, and looks afterwards whether the bystanders are as they were.
    ///
    /// `onAllServers` says that what the tests call is about packs wherever they are assigned.
    static func with(
        _ packs: [String: [String]], onAllServers: Bool = false, _ body: (Database) async throws -> Void
    ) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-2", packs: packs.merging(["away": paths]) { own, _ in own })
            let others = ["known": paths, "new": paths]
            try await database.makeServer("web-1", packs: packs.merging(others) { own, _ in own })
            let subjects = packs.keys.sorted()
            try await remember(besides: subjects, database)
            let before = try await rows(besides: subjects, onAllServers, database)
            #expect(before.count > 4)
            try await body(database)
            #expect(try await rows(besides: subjects, onAllServers, database) == before)
        }
    }

    private static func remember(besides subjects: [String], _ database: Database) async throws {
        try await database.executeScript(
            """
            update driftwatch.drift_states
            set unverified = '{}', item_count = 9, unreadable_count = 7, since = '2025-01-01Z'
            where server_id = 'web-2' or pack_name = 'known';
            update driftwatch.drift_states
            set state = 'drifted', item_count = 9, unreadable_count = 7, since = '2025-01-01Z',
                unverified = '{file:/a,file:/b,file:/c,file:/x}', never_compliant = '{"file:/a": ["wrong_owner"]}'
            where pack_name = 'new';
            insert into driftwatch.mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
            select d.server_id, d.pack_name, k, 'wrong_mode', k, '{}', '{}', '2025-01-01Z', 1
            from driftwatch.drift_states d, unnest(array['file:/a', 'file:/y', 'file:/z']) k
            where d.server_id = 'web-2' or d.pack_name = 'known';
            insert into driftwatch.unreadables (server_id, pack_name, item_key, item, reason, was_readable, since)
            select d.server_id, d.pack_name, k, k, 'slow', true, '2025-01-01Z'
            from driftwatch.drift_states d, unnest(array['file:/a', 'file:/x']) k
            where d.server_id = 'web-2' or d.pack_name in ('known', 'new');
            -- The count of what is on the same server is right: a change of the server looks at it.
            select driftwatch.open_alert(d.server_id, d.pack_name, 1, case d.server_id when 'web-1' then 3 else 9 end, '[]')
            from driftwatch.drift_states d where d.server_id = 'web-2' or d.pack_name = 'known';
            """)
        try await database.execute(
            """
            with opened as (select driftwatch.open_alert('web-1', p, 1, 9, '[]') as alert from unnest(\(subjects)::text[]) p
                            where p not in ('known', 'new'))
            select driftwatch.close_alert(alert, 'manual', 'test') from opened
            """)
    }

    private static func rows(
        besides subjects: [String], _ onAllServers: Bool, _ database: Database
    ) async throws -> [String] {
        try await database.rows(
            """
            with t as (
                select server_id, pack_name, to_jsonb(d) as row from driftwatch.drift_states d
                union all select server_id, pack_name, to_jsonb(m) from driftwatch.mismatches m
                union all select server_id, pack_name, to_jsonb(u) from driftwatch.unreadables u
                union all select server_id, pack_name, to_jsonb(a) from driftwatch.alerts a where status <> 'resolved'
                union all select server_id, pack_name, to_jsonb(s) from driftwatch.assignments s
                union all select 'web-1', pack_name, to_jsonb(p) from driftwatch.packs p
                union all select 'web-1', pack_name, to_jsonb(v) from driftwatch.pack_versions v
                union all select server_id, '', to_jsonb(s) from driftwatch.servers s where server_id = 'web-2')
            select row::text from t
            where not (pack_name = any(\(subjects)::text[]) and (server_id = 'web-1' or \(onAllServers)))
            union all
            select to_jsonb(a)::text from driftwatch.alerts a where resolution = 'manual' and mismatch_count = 9
            order by 1
            """, as: String.self)
    }
}
