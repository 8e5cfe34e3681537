-- What Prometheus reads from the database: one row per value. Every process shows all of it at /metrics, so queries take
-- max by (...) over processes, never sum. Labels have few values: local queues count as one.

create or replace view metrics (metric, labels, value, help) as
with depth as (
    select case when q.queue like 'local:%' then 'local' else q.queue end as queue, sum(q.available) as available,
           sum(q.waiting) as waiting, sum(q.running) as running, max(q.oldest_available) as oldest_available,
           bool_or(q.paused_at is not null) as paused
    from queue_health q group by 1
), fleet as (
    select f.server_id, f.standing, f.stale and not f.disabled as stale from fleet_status f
), messages as (
    select d.destination, d.waiting, d.muted, d.dead, d.paused_at, d.oldest_at, d.notice, d.unserved from delivery_health d
), due as (
    select u.schedule_name, u.next_slot_at, u.overdue, u.due_in, u.paused_at from upcoming_slots u
)
select 'driftwatch_jobs', jsonb_build_object('queue', d.queue, 'state', s.state), s.jobs::double precision,
       'Unfinished jobs; waiting: not due yet.'
from depth d
cross join lateral (values ('available', d.available), ('waiting', d.waiting), ('running', d.running)) s (state, jobs)
union all
select 'driftwatch_oldest_available_job_seconds', jsonb_build_object('queue', d.queue),
       coalesce(extract(epoch from d.oldest_available), 0), 'How long the oldest available job has waited; 0: none waits.'
from depth d
union all
select 'driftwatch_queue_paused', jsonb_build_object('queue', d.queue), d.paused::integer, 'Whether the queue is paused.'
from depth d
union all
select 'driftwatch_jobs_stuck', '{}', count(*), 'Jobs that do not move: see the view queue_stuck.' from queue_stuck
union all
select 'driftwatch_processes_alive', jsonb_build_object('process', p.process),
       (select count(*) from workers w where w.process = p.process and is_alive(w.state, w.last_seen_at)),
       'Processes that were seen within the last minute.'
from (values ('scheduler'), ('worker'), ('notifier'), ('web')) p (process)
union all
select 'driftwatch_schedule_next_slot_timestamp_seconds', jsonb_build_object('schedule', d.schedule_name),
       extract(epoch from d.next_slot_at), 'When the next slot is due.'
from due d where d.next_slot_at is not null
union all
select 'driftwatch_schedule_overdue', jsonb_build_object('schedule', d.schedule_name), d.overdue::integer,
       'Whether a slot waits for a scheduler.'
from due d
union all
select 'driftwatch_schedule_paused', jsonb_build_object('schedule', d.schedule_name), (d.paused_at is not null)::integer,
       'Whether the schedule is paused.'
from due d
union all
select 'driftwatch_slot_late_seconds', jsonb_build_object('schedule', d.schedule_name),
       case when d.overdue then -extract(epoch from d.due_in)
            else coalesce((select extract(epoch from s.fired_at - s.slot_at) from slots s
                           where s.schedule_name = d.schedule_name order by s.slot_at desc limit 1), 0) end,
       'How late the newest slot fired, or how long it has been overdue.'
from due d
union all
select 'driftwatch_slot_skipped', jsonb_build_object('schedule', s.schedule_name),
       (s.last_due_at > coalesce(s.last_slot_at, '-infinity')
        and not exists (select from slots k
                        where k.schedule_name = s.schedule_name and k.slot_at = s.last_due_at and k.skipped = 'paused'))::integer,
       'Whether the newest slot that was due was skipped, because no scheduler ran for too long.'
from schedules s where s.last_due_at is not null
union all
select 'driftwatch_slot_superseded_jobs', jsonb_build_object('schedule', d.schedule_name),
       coalesce((select s.superseded from slots s
                 where s.schedule_name = d.schedule_name order by s.slot_at desc limit 1), 0),
       'Jobs of older slots that still waited when the newest slot fired, and were cancelled.'
from due d
union all
select 'driftwatch_heartbeat_failing', '{}',
       coalesce((select s.heartbeat_error is not null from slots s
                 where s.schedule_name = 'default' and s.completed_at is not null and s.fired_at is not null
                 order by s.slot_at desc limit 1), false)::integer,
       'Whether the heartbeat after the newest complete slot could not be delivered yet.'
union all
select 'driftwatch_outbox_messages', jsonb_build_object('destination', m.destination, 'state', s.state), s.messages,
       'Messages that are not sent; muted: for a hold or a silence; dead: given up in the last week, and can still be sent.'
from messages m cross join lateral (values ('waiting', m.waiting), ('muted', m.muted), ('dead', m.dead)) s (state, messages)
union all
select 'driftwatch_outbox_oldest_seconds', jsonb_build_object('destination', m.destination),
       coalesce(extract(epoch from clock() - m.oldest_at), 0), 'How long the oldest unsent message has waited; 0: none waits.'
from messages m
union all
select 'driftwatch_destination_paused', jsonb_build_object('destination', m.destination),
       (m.paused_at is not null)::integer, 'Whether the destination refuses every message, or a person has paused it.'
from messages m
union all
select 'driftwatch_destination_unserved', jsonb_build_object('destination', m.destination), m.unserved::integer,
       'Whether no notifier can send to the destination.'
from messages m
union all
select 'driftwatch_destination_late', jsonb_build_object('destination', m.destination), (m.notice is not null)::integer,
       'Whether at least two of the last five attempts had no reply within 5 s.'
from messages m
union all
select 'driftwatch_alerts', jsonb_build_object('status', s.status, 'type', t.type),
       (select count(*) from alerts a where a.status = s.status and a.alert_type = t.type),
       'Alerts that are not resolved; check_failing: a server, or items that could be read before, cannot be checked.'
from (values ('open'), ('acknowledged')) s (status) cross join (values ('config_drift'), ('check_failing')) t (type)
union all
select 'driftwatch_mutes', jsonb_build_object('kind', k.kind, 'state', s.state),
       (select count(*) from all_mutes m where m.kind = k.kind and m.state = s.state),
       'Holds and silences; broken: no window can be computed.'
from (values ('hold'), ('silence')) k (kind)
cross join (values ('waiting'), ('in force'), ('ending'), ('broken')) s (state)
union all
select 'driftwatch_assignments', jsonb_build_object('state', s.state),
       count(f.server_id), 'Servers and packs by state, as driftwatch status counts them; failed: the server cannot be checked.'
from (values ('drifted'), ('failed'), ('incomplete'), ('unknown'), ('compliant'), ('disabled')) s (state)
left join fleet f on f.standing = s.state
group by s.state
union all
select 'driftwatch_assignments_stale', '{}', count(*) filter (where f.stale),
       'Servers and packs whose last finished check is older than two slots.'
from fleet f
union all
select 'driftwatch_servers', jsonb_build_object('state', s.state), count(w.server_id),
       'Servers by their worst pack.'
from (values (0, 'drifted'), (1, 'failed'), (2, 'incomplete'), (3, 'unknown'), (4, 'compliant'), (5, 'disabled'),
             (6, 'without_packs')) s (rank, state)
left join (
    select f.server_id,
           min(case f.standing when 'drifted' then 0 when 'failed' then 1 when 'incomplete' then 2 when 'unknown' then 3
                   when 'compliant' then 4 when 'disabled' then 5 else 6 end) as rank
    from fleet f group by f.server_id) w on w.rank = s.rank
group by s.state
union all
select 'driftwatch_servers_failing', jsonb_build_object('reason', s.failing_reason), count(*),
       'Servers that cannot be checked, by the reason of the last attempt.'
from servers s where s.failing_since is not null
group by s.failing_reason
union all
select 'driftwatch_oldest_transaction_seconds', '{}',
       coalesce(extract(epoch from clock() - min(a.xact_start)), 0),
       'How long the oldest transaction in this database has been open, of those that the asking role may see.'
from pg_stat_activity a
where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_type = 'client backend'
union all
select 'driftwatch_oldest_snapshot_transactions', '{}', coalesce(max(age(a.backend_xmin)), 0),
       'How many transactions ago the oldest snapshot in this database was taken; old ones keep vacuum from its work.'
from pg_stat_activity a where a.datname = current_database() and a.pid <> pg_backend_pid();
comment on view metrics is 'What /metrics shows from the database: one row per value.';
comment on column metrics.metric is 'The name of the metric.';
comment on column metrics.labels is 'Its labels.';
comment on column metrics.value is 'Its value.';
comment on column metrics.help is 'What it means.';
