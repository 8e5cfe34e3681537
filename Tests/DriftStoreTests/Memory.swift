import Postgres

/// What one pack of a server remembers; days are of January 2026.
struct Memory: Sendable {
    var state: String
    var since: Int
    var unverified: [String] = []
    var contents: [String] = []
    var checked: Int?
    var wrong: [String] = []
    /// Keys of what was missing at the first look, and ever since.
    var never: [String] = []

    func store(_ pack: String, on server: String = "web-1", in database: Database) async throws {
        try await database.execute(
            """
            update driftwatch.drift_states set state = \(state), unverified = \(unverified),
                since = '2025-12-31Z'::timestamptz + make_interval(days => \(since)),
                unverified_contents = \(contents),
                last_checked_at = '2025-12-31Z'::timestamptz + make_interval(days => \(checked)::integer),
                never_compliant = (
                    select coalesce(jsonb_object_agg(k, '["missing_file"]'::jsonb), '{}') from unnest(\(never)::text[]) k)
            where server_id = \(server) and pack_name = \(pack)
            """)
        for key in wrong {
            try await database.execute(
                """
                insert into driftwatch.mismatches
                    (server_id, pack_name, item_key, type, item, expected, actual, since, check_id, cause, cause_detail)
                values (
                    \(server), \(pack), \(key), 'missing_file', \(key), '{}', '{}', '2026-01-01Z', 1, 'upgrade',
                    '{"package": "x"}')
                """)
        }
    }
}
