-- Everything that is recorded, for people and for the commands that read: a view per kind of record, with the rules applied
-- and without the queue's lease tokens and the destinations' keys. Nobody but the owner reads the tables (r10_privileges.sql).
--
-- They have no order of their own and no aggregates, so that PostgreSQL copies them into the query that reads them: a column
-- or a join that the query does not use costs nothing.

create or replace view all_servers as
select s.server_id, s.display_name, s.address, s.port, s.ssh_user, s.config_user, s.connection,
       queue_of(s.server_id, s.connection, s.queue) as queue, s.labels, s.drift_detection_enabled,
       s.disabled_at, s.disabled_by, s.disabled_reason, s.disabled_until,
       on_hold(s.disabled_at, s.disabled_until) as on_hold, s.failing_streak, s.failing_since, s.failing_reason,
       array(select a.pack_name from assignments a where a.server_id = s.server_id order by a.pack_name) as packs,
       s.created_at, s.updated_at, s.removed_at, s.expect, s.failing_after, s.stale_after, s.failing_detail,
       s.failing_jump_host, s.failing_slots
from servers s;
comment on view all_servers is 'The servers under watch, and those that were: where they are, what they are checked against, who disabled them.';
comment on column all_servers.queue is 'The queue of its jobs: the inventory''s, or local:ID.';
comment on column all_servers.on_hold is 'Whether an operator has disabled the server, until now or for good. A hold of messages is not meant: see mutes.';
comment on column all_servers.packs is 'The packs that it is checked against, by name.';

create or replace view all_packs as
select p.pack_name, p.display_name, p.description, p.extends, p.digest, v.resolved, p.updated_at,
       (select count(*)::integer from assignments a where a.pack_name = p.pack_name) as servers
from packs p
left join pack_versions v on v.pack_name = p.pack_name and v.digest = p.digest;
comment on view all_packs is 'The packs, as they are now.';
comment on column all_packs.servers is 'How many servers are checked against it.';

create or replace view all_pack_versions as
select v.pack_name, v.digest, v.resolved, v.first_seen_at, v.replaced_at
from pack_versions v;
comment on view all_pack_versions is 'The versions of the packs that are kept: what each said, and from when to when.';

create or replace view all_assignments as
select a.server_id, a.pack_name, a.assigned_at, d.state, d.shown_state, d.since, d.last_check_id, d.last_checked_at,
       d.pack_digest, d.item_count, d.unreadable_count, d.unverified, d.unverified_contents, d.never_compliant,
       d.latest_check_id, d.latest_verdict, d.latest_reason, d.latest_checked_at, d.look_wanted_at, d.last_started_at,
       d.checked_as, d.waived_count, d.due_count
from assignments a
left join drift_states d on d.server_id = a.server_id and d.pack_name = a.pack_name;
comment on view all_assignments is
    'Which server is checked against which pack, and what is remembered of that. fleet_status adds what follows from it.';

create or replace view known_mismatches as
select m.server_id, m.pack_name, m.item, m.type, m.expected, m.actual, m.since, m.item_key, m.check_id, m.cause,
       m.cause_detail
from mismatches m;
comment on view known_mismatches is 'What is known to be wrong now, one row per mismatch.';

create or replace view known_unreadables as
select u.server_id, u.pack_name, u.item, u.reason, u.was_readable, u.since, u.item_key, u.slots
from unreadables u;
comment on view known_unreadables is 'What the last finished checks could not judge, one row per item.';

create or replace view all_checks as
select c.check_id, c.job_id, c.schedule_name, c.slot_at, c.server_id, c.pack_name, c.pack_digest, c.verdict, c.reason,
       c.item_count, c.ok_count, c.mismatch_count, c.unreadable_count, c.started_at, c.checked_at, c.duration_ms,
       d.items, coalesce(s.display_name, c.server_id) as server_name,
       coalesce(p.display_name, c.pack_name) as pack_display_name, p.digest as current_digest, c.waived_count, c.due_count
from checks c
left join check_details d on d.server_id = c.server_id and d.pack_name = c.pack_name and d.fingerprint = c.fingerprint
left join servers s on s.server_id = c.server_id
left join packs p on p.pack_name = c.pack_name;
comment on view all_checks is 'The checks that are kept, with what each found.';
comment on column all_checks.server_name is 'The name of the server for people.';
comment on column all_checks.pack_display_name is 'The name of the pack for people.';
comment on column all_checks.current_digest is 'The pack''s version now; null if the pack is gone.';

create or replace view all_jobs as
select j.job_id, j.queue, j.kind, j.server_id, j.schedule_name, j.slot_at, j.state, j.priority, j.run_at, j.attempt,
       j.max_attempts, j.rescues, j.retry_of, j.worker_id, j.claimed_at, j.lease_expires_at, j.deadline_at,
       j.cancel_requested_at, j.last_error, j.requested_by, j.created_at, j.finished_at
from jobs j;
comment on view all_jobs is 'The jobs that are kept, finished or not. queue_stuck says why one does not move.';

create or replace view all_alerts as
select a.alert_id, a.alert_type, a.severity, a.status, a.server_id, coalesce(s.display_name, a.server_id) as server_name,
       a.pack_name, a.title, a.message, a.mismatch_count, a.diff_path, a.check_id, a.opened_at, a.updated_at,
       a.acknowledged_at, a.acknowledged_by, a.resolved_at, a.resolved_by, a.resolution,
       exists (select from checks c where c.check_id = a.check_id) as check_kept,
       coalesce(
           (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'type', m.type, 'item', m.item, 'cause',
                jsonb_build_object('kind', m.cause) || m.cause_detail)) order by m.item_key, m.type)
            from (select * from mismatches m
                  where a.status <> 'resolved' and a.alert_type = 'config_drift' and m.server_id = a.server_id and m.pack_name = a.pack_name
                  order by m.item_key, m.type limit 20) m),
           (select jsonb_agg(jsonb_build_object('type', u.reason, 'item', u.item) order by u.item_key)
            from (select * from unreadables u
                  where a.status <> 'resolved' and a.alert_type = 'check_failing' and u.server_id = a.server_id
                    and u.pack_name = a.pack_name and u.alerted
                  order by u.item_key limit 20) u),
           items_named(a.alert_id, 20), '[]') as items,
       (select e.detail -> 'failing' from alert_events e
        where e.alert_id = a.alert_id and e.detail ? 'failing' order by e.seq desc limit 1) as failing,
       case when a.status <> 'resolved' then (
           select (array_agg(m.muted_by order by m.until_at desc nulls last, m.muted_by))[1] from muted_servers m
           where m.server_id = a.server_id and (m.pack_name is null or m.pack_name = a.pack_name)) end as muted_by,
       a.acknowledged_until, flapping.since as flapping_since
from alerts a
left join servers s on s.server_id = a.server_id
left join lateral (
    select d.flapping_since as since from drift_states d
    where d.server_id = a.server_id and d.pack_name = a.pack_name and a.alert_type = 'config_drift' and a.status <> 'resolved'
) flapping on true;
comment on view all_alerts is 'The alerts that are kept, resolved or not.';
comment on column all_alerts.server_name is 'The name of the server for people.';
comment on column all_alerts.check_kept is 'Whether its last check is kept.';
comment on column all_alerts.muted_by is 'The hold or the silence for which messages about it wait; null if they do not.';
comment on column all_alerts.flapping_since is 'Since when items of its pack flap, so that it is told only what does not; null if they do not.';
comment on column all_alerts.items is 'What is wrong now, the first 20, or what a resolved one has named, as [{"type", "item", "cause"}]. Of items that cannot be read, the type is the reason.';
comment on column all_alerts.pack_name is 'The pack; null if the server as a whole cannot be checked.';
comment on column all_alerts.failing is 'Of a server that cannot be checked: the reason, what ssh said, since when, and after how many slots.';

create or replace view grouped_alerts as
select distinct o.group_key, o.alert_id, o.kind from outbox o where o.group_key is not null;
comment on view grouped_alerts is 'Which alerts messages put together, because they are about the same thing.';
comment on column grouped_alerts.group_key is 'What they are about, as a hash: in the link of the message.';

create or replace view alert_history as
select e.alert_id, e.seq, e.event, e.at, e.actor, e.detail, j.requested_by, c.slot_at,
       concat_ws(', ',
           case e.event
               when 'opened' then 'opened' || coalesce(': ' || count_of_items((e.detail ->> 'mismatch_count')::integer), '')
               when 'updated' then counts.words
               when 'recounted' then counts.words || ', nothing new'
               when 'moved' then 'moved from ' || (e.detail ->> 'from') || ' to ' || (e.detail ->> 'to') || ' by ' || e.actor
               when 'acknowledged' then 'acknowledged by ' || e.actor || coalesce(' until ' || (e.detail ->> 'until'), '')
               when 'reopened' then 'open again: the time of ' || (e.detail ->> 'acknowledged_by') || '''s acknowledgement is over'
               when 'resolved' then 'resolved by ' || e.actor || coalesce(': ' || (e.detail ->> 'resolution'), '')
               else e.event end,
           'new: ' || (
               select string_agg((i ->> 'item') || ' (' || replace(i ->> 'type', '_', ' ') || ')', ', ')
               from jsonb_array_elements(e.detail -> 'items') i),
           replace(e.detail #>> '{failing,reason}', '_', ' '),
           '"' || (e.detail ->> 'comment') || '"',
           'while ' || (e.detail ->> 'muted_by')) as words
from alert_events e
cross join lateral (
    select (e.detail ->> 'previous_count') || ' → ' || count_of_items((e.detail ->> 'mismatch_count')::integer) as words) counts
left join checks c on c.check_id = (e.detail ->> 'check_id')::bigint
left join jobs j on j.job_id = c.job_id;
comment on view alert_history is 'What happened to each alert, who did it, and which check caused it.';
comment on column alert_history.words is 'The same in words, with the reason.';
comment on column alert_history.requested_by is 'Who asked for that check; null if a schedule did, or if that is not kept any more.';
comment on column alert_history.slot_at is 'The slot of that check.';

create or replace view all_messages as
select o.outbox_id, o.destination, o.alert_id, o.seq, o.kind, o.state, o.payload ->> 'server_id' as server_id,
       o.payload ->> 'pack_name' as pack_name,
       case o.kind
           when 'drift_detected' then
               'Configuration drift detected on ' || said.server || ': ' || said.wrong || ' not compliant with ' || said.pack
           when 'drift_changed' then
               'Configuration drift changed on ' || said.server || ': ' || (o.payload ->> 'previous_count') || ' → '
               || said.wrong || ' not compliant with ' || said.pack
           when 'alert_acknowledged' then
               'Acknowledged by ' || coalesce(o.payload ->> 'actor', '?') || ': ' || said.wrong || ' not compliant with ' || said.pack
               || ' on ' || said.server
           when 'alert_refreshed' then said.wrong || ' not compliant with ' || said.pack || ' on ' || said.server || ', shown quietly'
           when 'check_failing' then
               'Cannot check ' || said.server || ': ' || replace(o.payload #>> '{failing,reason}', '_', ' ')
               || coalesce(': ' || (o.payload #>> '{failing,detail}'), '')
           when 'items_unreadable' then said.wrong || ' of ' || said.pack || ' can no longer be read on ' || said.server
           when 'reminder' then 'Reminder: nobody has acknowledged ' || (o.payload ->> 'mismatch_count') || ' alerts'
           when 'digest' then 'Digest: ' || coalesce(
               (select string_agg((s ->> 'count') || ' ' || (s ->> 'section'), ', ' order by n)
                from jsonb_array_elements(o.payload -> 'report') with ordinality as sections (s, n)), 'nothing to report')
           when 'drift_flapping' then
               'Flapping on ' || said.server || ' with ' || said.pack || ': ' || (o.payload ->> 'turn_count') || ' turns in 14 days'
           when 'drift_settled' then
               'Flapping no more on ' || said.server || ' with ' || said.pack || ': '
               || case when o.payload ->> 'resolution' is null then said.wrong || ' wrong' else 'nothing is wrong' end
           else case o.payload ->> 'resolution'
                    when 'compliant' then 'Configuration compliant on ' || said.server || ' with ' || said.pack
                    when 'waived' then 'What is still wrong on ' || said.server || ' with ' || said.pack || ' is waived'
                    when 'due' then 'What is still wrong on ' || said.server || ' with ' || said.pack || ' is due only later'
                    when 'recovered' then
                        case o.kind when 'check_recovered' then said.server || ' can be checked again'
                                    else 'All items of ' || said.pack || ' can be read again on ' || said.server end
                    else 'Alert closed on ' || said.server || coalesce(' for ' || said.pack, '') || ': '
                         || (o.payload ->> 'resolution') || ' by ' || coalesce(o.payload ->> 'actor', '?') end
       end || coalesce(': ' || said.items, '') as message,
       o.attempt, o.doubtful_attempts, o.created_at, o.sent_at, o.last_error, o.message_id
from outbox o
cross join lateral (
    select o.payload ->> 'server_name' as server, o.payload ->> 'pack_name' as pack,
           count_of_items((o.payload ->> 'mismatch_count')::integer) as wrong,
           (select string_agg(distinct i ->> 'item', ', ' order by i ->> 'item')
            from jsonb_array_elements(o.payload -> 'items') i) as items) said;
comment on view all_messages is 'The messages that are kept, sent or not, as text. outbox_backlog says why one is not sent.';
comment on column all_messages.server_id is 'The server of the alert.';
comment on column all_messages.pack_name is 'The pack that the alert had then; null if the server as a whole cannot be checked.';
comment on column all_messages.message is 'What it says, in one line without its link.';
comment on column all_messages.attempt is 'Number of attempts.';

create or replace view all_destinations as
select d.destination, d.kind, d.paused_at, d.paused_reason, d.next_send_at, d.next_probe_at, d.failures,
       case when d.lease_expires_at > (select statement_clock()) then d.notifier_id end as notifier_id,
       (select count(*)::integer from outbox o
        where o.destination = d.destination and o.state in ('pending', 'sending')) as waiting,
       (select count(*)::integer from outbox o where o.destination = d.destination and o.state = 'dead') as dead,
       d.last_attempt_at, d.recent_replies, d.settings, d.packs, d.labels, d.severities, d.held_at, d.held_by, d.held_reason,
       case when d.lease_expires_at is null or d.lease_expires_at <= (select statement_clock())
            then d.unserved_reason end as unserved_reason
from destinations d;
comment on view all_destinations is 'Where messages go. delivery_health says whether they arrive.';
comment on column all_destinations.notifier_id is 'The notifier that sends to it now.';
comment on column all_destinations.waiting is 'Messages that have not been sent yet.';
comment on column all_destinations.dead is 'Messages that were given up, as far as they are kept.';
comment on column all_destinations.unserved_reason is 'Why no notifier can send to it; null if one does, or may begin to.';

create or replace view all_processes as
select w.worker_id, w.process, w.host, w.pid, w.version, w.concurrency, w.state, is_alive(w.state, w.last_seen_at) as alive,
       w.queues, w.account, w.settings, w.started_at, w.last_seen_at
from workers w;
comment on view all_processes is 'The schedulers, workers, notifiers and pages that are kept, running or not.';
comment on column all_processes.alive is 'Whether it was seen within the last minute and has not stopped.';

create or replace view paused as
select 'schedule' as kind, s.schedule_name as name, s.paused_at, s.paused_by, s.paused_reason
from schedules s where s.paused_at is not null
union all
select 'queue', q.queue, q.paused_at, q.paused_by, q.paused_reason
from queues q where q.paused_at is not null
union all
select 'destination', d.destination, coalesce(d.held_at, d.paused_at), d.held_by, coalesce(d.held_reason, d.paused_reason)
from destinations d where d.held_at is not null or d.paused_at is not null;
comment on view paused is 'What is paused: schedules, queues, and destinations, by a person or because they refuse every message.';
comment on column paused.kind is 'schedule, queue or destination.';
comment on column paused.name is 'The name of it.';
comment on column paused.paused_at is 'Since when.';
comment on column paused.paused_by is 'Who paused it; null for a destination that refuses every message, which the notifier pauses.';
comment on column paused.paused_reason is 'Why.';

create or replace view audit_trail as
select l.at, l.actor, l.action, l.subject, l.detail, l.audit_id
from audit_log l;
comment on view audit_trail is 'What operators, apply and Driftwatch itself did, as long as that is kept. who_did_what has the last week as text.';

create or replace view all_waivers as
select w.waiver_id, w.source, w.server_id, w.labels, w.pack_name, w.item_key, w.item, w.reason, w.author, w.until_at,
       w.created_at, w.ended_at, w.ended_by, waiver_in_force(w.ended_at, w.until_at) as in_force,
       servers_waived(w.server_id, w.labels, w.pack_name) as servers
from waivers w;
comment on view all_waivers is 'The waivers, ended or not.';
comment on column all_waivers.in_force is 'Whether it counts now.';
comment on column all_waivers.servers is 'The servers with the pack that it is about.';

create or replace view waived_items as
select s.server_id, w.pack_name, w.item_key, w.item, w.reason, w.author, w.until_at, w.waiver_id
from waivers w
join servers s on s.server_id = w.server_id or s.labels @> w.labels
join assignments a on a.server_id = s.server_id and a.pack_name = w.pack_name
where waiver_in_force(w.ended_at, w.until_at);
comment on view waived_items is 'Which items are waived now, one row per server and waiver, whether they differ or not.';
