-- Answers to questions that people ask in psql. Each is about the last week, or about now, and reads no older history:
-- every time is compared with one value, (select statement_clock()), so that an index finds the rows.

create or replace view drifted_this_week as
select a.server_id, s.display_name, a.pack_name, count(*)::integer as alerts,
       sum(least(coalesce(a.resolved_at, week.ends), week.ends) - greatest(a.opened_at, week.starts)) as drifted_for,
       max(a.opened_at) as last_opened_at, bool_or(a.status <> 'resolved') as still_drifted,
       (select string_agg(distinct i ->> 'item', ', ' order by i ->> 'item')
        from alerts o
        join alert_events e on e.alert_id = o.alert_id and e.event in ('opened', 'updated')
        cross join jsonb_array_elements(e.detail -> 'items') i
        where o.alert_id = any(array_agg(a.alert_id))) as items
from (select statement_clock() as ends, statement_clock() - interval '7 days' as starts) week
cross join lateral (
    select * from alerts l where l.status <> 'resolved' and l.alert_type = 'config_drift'
    union all
    select * from alerts r where r.resolved_at > week.starts and r.alert_type = 'config_drift') a
join servers s on s.server_id = a.server_id
group by a.server_id, s.display_name, a.pack_name
order by drifted_for desc, a.server_id, a.pack_name;
comment on view drifted_this_week is 'The servers and packs that had an alert about drift in the last seven days, the longest drifted first.';
comment on column drifted_this_week.alerts is 'How many alerts were open at some time of these days.';
comment on column drifted_this_week.drifted_for is 'How long they were open within these days.';
comment on column drifted_this_week.last_opened_at is 'When the last of them opened.';
comment on column drifted_this_week.still_drifted is 'One of them is not resolved.';
comment on column drifted_this_week.items is 'The items that they told people about; each alert keeps the first ten of each message.';

create or replace view check_times as
select t.server_id, queue_of(t.server_id) as queue, count(*)::integer as checks,
       (percentile_cont(0.5) within group (order by t.duration_ms))::integer as median_ms,
       (percentile_cont(0.95) within group (order by t.duration_ms))::integer as slow_ms,
       max(t.duration_ms) as longest_ms, max(t.checked_at) as last_checked_at
from (select c.job_id, c.server_id, max(c.duration_ms) as duration_ms,
             max(c.checked_at) as checked_at
      from checks c
      where c.checked_at > (select statement_clock()) - interval '7 days' and c.duration_ms is not null
      group by c.job_id, c.server_id) t
group by t.server_id
order by median_ms desc, t.server_id;
comment on view check_times is 'How long the checks of each server took in the last seven days, the slowest server first.';
comment on column check_times.queue is 'The queue of the server now.';
comment on column check_times.checks is 'How many times the server was looked at, with all its packs.';
comment on column check_times.median_ms is 'Half of them took no longer, in milliseconds.';
comment on column check_times.slow_ms is '95 of 100 took no longer, in milliseconds.';
comment on column check_times.longest_ms is 'The longest, in milliseconds.';
comment on column check_times.last_checked_at is 'When the last one was stored.';

create or replace view queue_times as
select j.queue, count(*)::integer as jobs,
       percentile_disc(0.5) within group (order by j.claimed_at - j.run_at) as median_wait,
       percentile_disc(0.95) within group (order by j.claimed_at - j.run_at) as slow_wait,
       percentile_disc(0.5) within group (order by j.finished_at - j.claimed_at) as median_run,
       percentile_disc(0.95) within group (order by j.finished_at - j.claimed_at) as slow_run,
       max(j.finished_at - j.claimed_at) as longest_run
from jobs j
where j.finished_at > (select statement_clock()) - interval '7 days' and j.claimed_at is not null
group by j.queue
order by j.queue;
comment on view queue_times is 'How long jobs waited and ran in the last seven days, by queue.';
comment on column queue_times.jobs is 'How many jobs of the queue a worker had, and finished.';
comment on column queue_times.median_wait is 'Half of them waited no longer, from when they were due to the last claim.';
comment on column queue_times.slow_wait is '95 of 100 waited no longer.';
comment on column queue_times.median_run is 'Half of them ran no longer.';
comment on column queue_times.slow_run is '95 of 100 ran no longer.';
comment on column queue_times.longest_run is 'The longest run.';

create or replace view who_did_what as
select l.at, l.actor, l.action, l.subject,
       (select string_agg(d.key || ': ' || (d.value #>> '{}'), '; ' order by d.key)
        from jsonb_each(l.detail) d where jsonb_typeof(d.value) not in ('null', 'object', 'array')) as detail
from audit_log l
where l.at > (select statement_clock()) - interval '7 days'
order by l.at desc, l.audit_id desc;
comment on view who_did_what is 'What operators and apply did in the last seven days, newest first. audit_trail has all of it.';
comment on column who_did_what.detail is 'Facts about the action, such as its reason, as text.';

create or replace view failing_servers as
select s.server_id, s.display_name, s.queue, s.failing_since, s.failing_streak, s.failing_reason,
       (select max(d.last_checked_at) from drift_states d where d.server_id = s.server_id) as last_finished_at,
       (not s.drift_detection_enabled or on_hold(s.disabled_at, s.disabled_until)) as disabled,
       s.failing_detail, s.failing_jump_host, s.failing_slots, s.expect,
       (select a.alert_id from alerts a
        where a.server_id = s.server_id and a.pack_name is null and a.status <> 'resolved') as alert_id
from servers s
where s.failing_since is not null
order by s.failing_since, s.server_id;
comment on view failing_servers is 'The servers that cannot be looked at, the longest first.';
comment on column failing_servers.last_finished_at is 'When a check of it finished last. Null: none ever has, or its packs are new.';
comment on column failing_servers.disabled is 'Switched off in the inventory, or disabled by an operator.';
comment on column failing_servers.failing_slots is 'How many slots in a row could not look at it.';
comment on column failing_servers.expect is 'always, or sometimes: the server is often off, so no alert opens.';
comment on column failing_servers.alert_id is 'The unresolved alert about it.';
