import Postgres
import TestSupport

extension DatabaseTemplate {
    /// Two servers with two packs each, two destinations, and the same of everything for each, and a new server.
    ///
    /// So what a function does to one of them by mistake shows on the others.
    ///
    /// The alerts: 1 was resolved long ago, and 2 to 5 are open, for web-1 and web-2, base and more.
    static let twoServers = DatabaseTemplate("two_servers") { database in
        try await DatabaseTemplate.migrated.prepare(database)
        for server in ["web-1", "web-2"] {
            try await database.makeServer(server, packs: ["base": ["/a"], "more": ["/b"]])
        }
        try await database.executeScript(
            """
            set search_path = driftwatch;
            update test_clock set stopped_at = clock_timestamp();
            insert into destinations (destination, next_send_at) values ('pager', 'epoch');
            update drift_states set state = 'drifted', item_count = 3, unreadable_count = 1, look_wanted_at = '2026-01-01Z';
            insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
            select server_id, pack_name, key, 'missing_file', key, '{}', '{}', '2026-01-01Z', 2
            from drift_states, unnest(array['/a', '/b']) key;
            insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since)
            select server_id, pack_name, '/c', '/c', 'slow', true, '2026-01-01Z' from drift_states;
            insert into check_details (server_id, pack_name, fingerprint, items)
            select server_id, pack_name, f, '[]' from drift_states, unnest(array['f', 'g']) f;
            insert into checks (job_id, server_id, pack_name, verdict, reason, fingerprint, checked_at) values
                (101, 'web-1', 'base', 'failed', 'x', 'f', '2020-01-01'), (102, 'web-2', 'more', 'failed', 'x', 'g', clock());
            select enqueue_check('web-1'), enqueue_check('web-2');
            select open_alert('web-1', 'base', 2, 1, '[]'), resolve_alert(1);
            select open_alert(server_id, pack_name, 2, 2, '[]') from drift_states order by server_id, pack_name;
            update alerts set resolved_at = '2020-01-01' where alert_id = 1;
            update outbox set state = 'sent', sent_at = clock() where alert_id = 1;
            update outbox set state = 'dead' where alert_id = 2 and destination = 'default';
            select apply_server(
                'web-3', 'WEB-3', 'web-3', null, null, null, 'ssh', 'default', '{}', true, '{base,more}', 'test');
            """)
    }
}
