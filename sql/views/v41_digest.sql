-- What the digest is about, one row per entry. A section is one more SELECT here, and its words in ReportText.swift.

create or replace view digest_entries (place, section, server_id, server_name, pack_name, items, since) as
select 10, 'drifted', f.server_id, f.display_name, f.pack_name, f.mismatch_count, f.since
from fleet_status f
where f.standing = 'drifted' and not f.labels @> '{"canary": "true"}'
union all
select 20, 'unacknowledged', a.server_id, a.display_name, a.pack_name, a.mismatch_count, a.opened_at
from open_alerts a
join servers s on s.server_id = a.server_id
where a.status = 'open' and not s.labels @> '{"canary": "true"}'
union all
select 30, 'failing', f.server_id, f.display_name, null, null, f.failing_since
from failing_servers f
where not f.disabled
union all
select 40, 'dark', f.server_id, f.display_name, f.pack_name, f.dark_count, f.unreadable_since
from fleet_status f
where f.dark_count > 0 and not f.disabled
union all
select 50, 'waived', f.server_id, f.display_name, f.pack_name, f.waived_count, null
from fleet_status f
where f.waived_count > 0 and not f.disabled
union all
select 60, 'expiring', w.server_id, s.display_name, w.pack_name, count(*)::integer, null
from waived_items w
join servers s on s.server_id = w.server_id
-- Until the digest after the next one.
where w.until_at <= statement_clock() + interval '14 days'
group by w.server_id, s.display_name, w.pack_name
union all
select 70, 'due', f.server_id, f.display_name, f.pack_name, f.due_count, null
from fleet_status f
where f.due_count > 0 and not f.disabled
union all
select 80, 'muted', m.server_id, s.display_name, m.pack_name, null, null
from muted_servers m
join servers s on s.server_id = m.server_id and s.removed_at is null
union all
select 90, 'disabled', s.server_id, s.display_name, null, null, s.disabled_at
from servers s
where s.removed_at is null and on_hold(s.disabled_at, s.disabled_until);
comment on view digest_entries is 'What the weekly digest is about now, one row per entry.';
comment on column digest_entries.place is 'The order of the sections.';
comment on column digest_entries.section is 'drifted, unacknowledged, failing, dark, waived, expiring (waivers that end within 14 days), due, muted or disabled.';
comment on column digest_entries.server_id is 'The server.';
comment on column digest_entries.server_name is 'Its name for people.';
comment on column digest_entries.pack_name is 'The pack; null: the whole server.';
comment on column digest_entries.items is 'How many items it is about.';
comment on column digest_entries.since is 'Since when.';
