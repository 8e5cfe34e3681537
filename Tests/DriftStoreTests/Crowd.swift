import Postgres
import TestSupport

extension DatabaseTemplate {
    /// Web-1 with its pack base, and around it other servers, packs, alerts and messages, all with something of everything.
    ///
    /// Others come before and after it in the order of names: app-1 and zoo-1, apt and zip, chat and pager beside the
    /// destination default. What is known of them differs from one to the next, so that it shows where it does not belong.
    ///
    /// The ids of what is about a server end in the server's number, and of what is about an assignment in its number: web-1
    /// is 2 of 3, and its base is 5 of 9. Job 12 has looked at web-1's base for a slot, and job 22 is about to. Nothing is
    /// wrong with web-1's base, and it has no alert that is open.
    static let crowd = DatabaseTemplate("crowd") { database in
        try await DatabaseTemplate.migrated.prepare(database)
        for server in ["app-1", "web-1", "zoo-1"] {
            try await database.makeServer(
                server, packs: ["apt": ["/x", "/apt"], "base": ["/x", "/base"], "zip": ["/x", "/zip"]])
        }
        try await database.executeScript(
            """
            set search_path = driftwatch;
            set timezone = 'UTC';
            update test_clock set stopped_at = '2026-11-23 06:00Z', shift = '0';
            update servers set labels = jsonb_build_object('name', server_id);
            insert into destinations (destination, next_send_at)
            select d, 'epoch' from unnest(array['chat', 'default', 'pager']) d on conflict do nothing;

            create view numbered as
            select server_id, pack_name, row_number() over (order by server_id, pack_name) as n,
                   dense_rank() over (order by server_id) as s, server_id || '/' || pack_name as name
            from drift_states;

            insert into schedules (schedule_name, cron, time_zone, updated_at)
            select x, '0 6 * * *', 'UTC', clock() from unnest(array['daily', 'default', 'weekly']) x;
            insert into slots (schedule_name, slot_at, fired_at, enqueued, completed_at)
            select x, clock() + i * interval '1 hour', clock(), 9, case when x <> 'default' or i <> 2 then clock() end
            from unnest(array['daily', 'default', 'weekly']) x, generate_series(1, 3) i;
            insert into workers (worker_id, process, host, pid, version, started_at, last_seen_at)
            select distinct 'w-' || server_id, 'worker', 'host-' || server_id, s, '1', clock(), clock() from numbered;
            insert into jobs (job_id, kind, server_id, schedule_name, slot_at, state, run_at, worker_id, created_at, finished_at) overriding system value
            select distinct base + s, 'check_server', server_id, case when s = 2 and base < 30 then 'default' end,
                   case when s = 2 and base < 30 then clock() + (base - 8) * interval '1 hour' end, 'succeeded', clock(),
                   'w-' || server_id, clock(), clock()
            from numbered, unnest(array[10, 20, 30]) base;

            insert into checks (check_id, job_id, schedule_name, slot_at, server_id, pack_name, pack_digest, verdict, item_count,
                                mismatch_count, fingerprint, started_at, checked_at) overriding system value
            select 100 + n, case pack_name when 'base' then 10 else 30 end + s, 'default', clock() + s * interval '1 hour', server_id, pack_name, name, 'drifted', n, n, 'f', clock(), clock()
            from numbered;
            insert into check_details (server_id, pack_name, fingerprint, items)
            select server_id, pack_name, 'f', jsonb_build_array(name) from numbered;

            update drift_states d
            set state = 'drifted', item_count = n, unreadable_count = n, waived_count = n, due_count = n, look_wanted_at = case s when 2 then clock() else 'epoch' end,
                last_check_id = 100 + n, latest_check_id = 100 + n, unverified = array[name], unverified_contents = array[name],
                never_compliant = jsonb_build_object('/x', jsonb_build_array('missing_file')), flapping_since = 'epoch',
                equal_checks = 1, settled_at = null
            from numbered u where (u.server_id, u.pack_name) = (d.server_id, d.pack_name);
            update servers v
            set failing_streak = s, failing_since = clock() - s * interval '1 day', failing_reason = 'r-' || v.server_id,
                failing_detail = 'detail of ' || v.server_id, failing_jump_host = 'jump-' || v.server_id, failing_slots = 10 + s,
                failing_alerted = s = 1
            from numbered u where u.server_id = v.server_id;

            insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
            select server_id, pack_name, key, 'missing_file', key, jsonb_build_object('of', name), '{}', clock() - n * interval '1 day', 100 + n
            from numbered, unnest(array['/x', '/only-' || name]) key;
            insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since, slots, alerted)
            select server_id, pack_name, key, key, 'denied', true, clock() - n * interval '1 day', 10 + n, key = '/u'
            from numbered, unnest(array['/u', '/v', '/dark-' || name]) key;

            -- Open and resolved, of both kinds, and of servers as a whole.
            insert into alerts (alert_id, alert_type, server_id, pack_name, title, message, mismatch_count, diff_path, check_id,
                                status, opened_at, updated_at, resolved_at, resolved_by, resolution, last_seq) overriding system value
            select k.base + n, k.type, server_id, pack_name, name, name, n, name, 100 + n, k.status,
                   clock() - interval '2 days', clock(), case when k.status = 'resolved' then clock() - interval '1 day' end,
                   case when k.status = 'resolved' then 'driftwatch' end, case when k.status = 'resolved' then 'compliant' end, 2
            from numbered, (values (200, 'config_drift', 'open'), (210, 'check_failing', 'open'), (220, 'config_drift', 'resolved'),
                                   (230, 'check_failing', 'resolved')) k (base, type, status);
            insert into alerts (alert_id, alert_type, server_id, title, message, mismatch_count, diff_path, status, opened_at,
                                updated_at, resolved_at, resolved_by, resolution, last_seq) overriding system value
            select distinct k.base + s, 'check_failing', server_id, server_id, server_id, 0, server_id, k.status,
                   clock() - interval '2 days', clock(), case when k.status = 'resolved' then clock() - interval '1 day' end,
                   case when k.status = 'resolved' then 'driftwatch' end, case when k.status = 'resolved' then 'recovered' end, 2
            from numbered, (values (240, 'open'), (250, 'resolved')) k (base, status);
            insert into alert_events (alert_id, seq, event, at, actor, detail)
            select a.alert_id, seq, case seq when 1 then 'opened' else 'updated' end, clock() - interval '1 day', 'driftwatch',
                   jsonb_build_object(
                       'change', 'change of ' || a.alert_id, 'failing', jsonb_build_object('reason', 'was ' || a.alert_id),
                       'items', jsonb_build_array(
                           jsonb_build_object('type', 'missing_file', 'item', '/x'),
                           jsonb_build_object('type', 'missing_file', 'item', '/named-' || a.alert_id)))
            from alerts a, generate_series(1, 2) seq;
            -- At the destination default, no drift_detected is of the slot of job 12.
            insert into outbox (alert_id, seq, destination, kind, payload, not_before, state, sent_at, group_key, schedule_name,
                                slot_at, attempt, created_at)
            select e.alert_id, e.seq, d.destination,
                   case when a.alert_type = 'check_failing' then 'check_failing' when e.seq = 1 then 'drift_detected'
                        when a.status = 'open' then 'drift_changed' else 'drift_flapping' end,
                   e.detail || '{"added_count": 2}', clock() - interval '1 hour',
                   case when a.status = 'open' then 'pending' else 'sent' end, case when a.status <> 'open' then clock() end,
                   'group of ' || e.alert_id,
                   case when e.seq = 1 and d.destination = 'default' and a.server_id <> 'app-1' then 'daily' else 'default' end,
                   clock() + interval '1 hour' * case when e.seq = 1 and a.server_id = 'app-1' then 1
                                                      when a.server_id <> 'web-1' and (e.seq = 2 or d.destination <> 'default') then 3
                                                      else 2 end,
                   (a.status <> 'open')::integer, clock() + interval '1 minute'
            from alert_events e join alerts a using (alert_id), destinations d
            order by a.alert_id, e.seq;
            insert into alert_parents (destination, alert_id, channel, channel_id, remote_id, shared, posted_at)
            select d.destination, a.alert_id, '#' || d.destination, 'C' || a.alert_id, '1.' || a.alert_id, false, clock()
            from alerts a, destinations d;

            insert into waivers (waiver_id, source, server_id, labels, pack_name, item_key, item, reason, author, created_at) overriding system value
            select 300 + n, 'command', case when s <> 3 then server_id end,
                   case when s = 3 then jsonb_build_object('name', server_id) end, pack_name, 'file:/x', '/x', 'because of ' || name, 'ann',
                   clock()
            from numbered;
            insert into mutes (mute_id, kind, server_id, labels, pack_name, reason, created_by, created_at, starts_at, ends_at) overriding system value values
                (1, 'hold', 'app-1', '{}', 'base', 'x', 'ann', clock(), clock(), clock() + interval '1 day'),
                (2, 'silence', null, '{"name": "zoo-1"}', null, 'x', 'ann', clock(), clock(), clock() + interval '1 day'),
                (3, 'hold', 'web-1', '{}', 'zip', 'x', 'ann', clock(), clock(), clock() + interval '1 day');

            -- All is well with web-1's base.
            update drift_states
            set state = 'compliant', unreadable_count = 0, waived_count = 0, due_count = 0, look_wanted_at = null, unverified = '{}',
                unverified_contents = '{}', never_compliant = '{}', flapping_since = null, equal_checks = null
            where server_id = 'web-1' and pack_name = 'base';
            update servers
            set failing_streak = 0, failing_since = null, failing_reason = null, failing_detail = null, failing_jump_host = null,
                failing_slots = 0, failing_alerted = false
            where server_id = 'web-1';
            delete from mismatches where server_id = 'web-1' and pack_name = 'base';
            delete from unreadables where server_id = 'web-1' and pack_name = 'base';
            delete from outbox where alert_id in (205, 215, 242);
            delete from alert_events where alert_id in (205, 215, 242);
            delete from alert_parents where alert_id in (205, 215, 242);
            delete from alerts where alert_id in (205, 215, 242);
            delete from waivers where waiver_id = 305;

            create view subjects (source, server, pack, destination, alert, row) as
            with of_alerts as (select alert_id, server_id, pack_name from alerts)
            select 'server', server_id, null::text, null::text, null::bigint, to_jsonb(s) from servers s
            union all select 'state', server_id, pack_name, null, null, to_jsonb(d) from drift_states d
            union all select 'mismatch', server_id, pack_name, null, null, to_jsonb(m) from mismatches m
            union all select 'unreadable', server_id, pack_name, null, null, to_jsonb(u) from unreadables u
            union all select 'check', server_id, pack_name, null, null, to_jsonb(c) from checks c
            union all select 'details', server_id, pack_name, null, null, to_jsonb(c) from check_details c
            union all select 'job', server_id, null, null, null, to_jsonb(j) from jobs j
            union all select 'waiver', coalesce(server_id, labels ->> 'name'), pack_name, null, null, to_jsonb(w) from waivers w
            union all select 'mute', coalesce(server_id, labels ->> 'name'), pack_name, null, null, to_jsonb(m) from mutes m
            union all select 'audit', null, null, null, null, to_jsonb(l) - 'audit_id' from audit_log l
            union all select 'destination', null, null, destination, null, to_jsonb(d) - 'fingerprint_key' from destinations d
            union all select 'alert', server_id, pack_name, null, alert_id, to_jsonb(a) from alerts a
            union all select 'event', server_id, pack_name, null, alert_id, to_jsonb(e) from alert_events e join of_alerts using (alert_id)
            union all
            select 'message', server_id, pack_name, destination, alert_id,
                   to_jsonb(o) - 'outbox_id' - 'message_id' - 'lease_token'
                       || jsonb_build_object('last_error', regexp_replace(o.last_error, '\\d+$', ''))
            from outbox o join of_alerts using (alert_id)
            union all
            select 'parent', server_id, pack_name, destination, alert_id, to_jsonb(p)
            from alert_parents p join of_alerts using (alert_id);
            """)
    }
}

/// A description of a case: SQL on one line.
func onOneLine(_ sql: String) -> String { sql.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
