-- The state of the fleet, for psql, the command line and the dashboard. Views are replaced in place (see v10_queue.sql): new
-- columns go at the end.

-- Without an order of its own, so that a page of it, or a filter, reads only what it shows. What few rows have (wrong items,
-- alerts, items that cannot be read any more) is joined as a set: a subquery for each row, even for one that is never
-- evaluated, raises the estimated cost to where PostgreSQL compiles the plan, which takes longer than the query.
create or replace view fleet_status as
select s.server_id, s.display_name, d.pack_name, d.state, d.since, d.last_checked_at,
       coalesce(wrong.items, 0) as mismatch_count,
       -- Retention keeps the newest check of each assignment; somebody may have deleted all up to some age.
       case when d.latest_check_id >= (select min(check_id) from checks) then d.latest_check_id end as last_check_id,
       d.latest_verdict as last_verdict, d.latest_reason as last_reason,
       d.latest_checked_at as last_verdict_at, d.unreadable_count,
       age.stale,
       not s.drift_detection_enabled or on_hold(s.disabled_at, s.disabled_until) as disabled,
       case when not s.drift_detection_enabled then 'off in the inventory'
            when on_hold(s.disabled_at, s.disabled_until) then s.disabled_reason end as disabled_reason,
       s.failing_streak, a.alert_id, a.status as alert_status, d.shown_state,
       s.failing_since, s.failing_reason, dark.since as unreadable_since, coalesce(dark.items, 0) as dark_count, d.item_count,
       d.pack_digest <> p.digest as outdated,
       case when d.pack_name is null then null
            when not s.drift_detection_enabled or on_hold(s.disabled_at, s.disabled_until) then 'disabled'
            when d.state = 'drifted' then 'drifted'
            when (s.failing_since is not null or d.latest_verdict = 'failed')
                -- A server that is often off is in order until it has been off for too long.
                and (s.expect = 'always' or age.stale) then 'failed'
            else d.shown_state end as standing,
       d.shown_state = 'unknown' and s.failing_since is null and d.latest_verdict is distinct from 'failed'
           and s.drift_detection_enabled and not on_hold(s.disabled_at, s.disabled_until)
           and d.since < (select statement_clock()) - interval '10 minutes' as check_overdue,
       d.last_check_id as remembered_check_id, s.labels, s.expect, failing.alert_id as failing_alert_id,
       failing.status as failing_alert_status, gone.alert_id as dark_alert_id, gone.status as dark_alert_status,
       muted.why as muted_by, d.waived_count, d.due_count, d.flapping_since
from servers s
left join drift_states d on d.server_id = s.server_id
left join packs p on p.pack_name = d.pack_name
left join alerts a on a.server_id = d.server_id and a.pack_name = d.pack_name and a.alert_type = 'config_drift'
    and a.status <> 'resolved'
left join alerts gone on gone.server_id = d.server_id and gone.pack_name = d.pack_name and gone.alert_type = 'check_failing'
    and gone.status <> 'resolved'
left join alerts failing on failing.server_id = s.server_id and failing.pack_name is null and failing.status <> 'resolved'
left join (
    select u.server_id, u.pack_name, min(u.since) as since, count(*)::integer as items
    from unreadables u where u.was_readable
    group by u.server_id, u.pack_name) dark on dark.server_id = d.server_id and dark.pack_name = d.pack_name
left join (
    select m.server_id, m.pack_name, count(distinct m.item_key)::integer as items
    from mismatches m
    group by m.server_id, m.pack_name) wrong on wrong.server_id = d.server_id and wrong.pack_name = d.pack_name
cross join lateral (
    select coalesce(d.last_checked_at, d.since)
           < coalesce((select statement_clock()) - s.stale_after, (select stale_before('default'))) as stale) age
left join (
    select k.server_id, k.pack_name, (array_agg(m.muted_by order by m.until_at desc nulls last, m.muted_by))[1] as why
    from muted_servers m
    join drift_states k on k.server_id = m.server_id and (m.pack_name is null or m.pack_name = k.pack_name)
    group by k.server_id, k.pack_name) muted on muted.server_id = d.server_id and muted.pack_name = d.pack_name
where s.removed_at is null;
comment on view fleet_status is 'One row per server and pack. A server without packs has one row, with no pack.';
comment on column fleet_status.state is 'The remembered state, which ignores items that could not be read. Use shown_state instead.';
comment on column fleet_status.mismatch_count is 'Items known to be wrong, with or without an alert.';
comment on column fleet_status.last_check_id is 'The newest check, whatever its verdict. Null if there was none, or if it has been deleted.';
comment on column fleet_status.last_verdict is 'The verdict of that check: compliant, drifted, incomplete or failed.';
comment on column fleet_status.last_reason is 'Why that check failed; null if it did not.';
comment on column fleet_status.last_verdict_at is 'When that check was stored.';
comment on column fleet_status.unreadable_count is 'Items that the last finished check could not judge.';
comment on column fleet_status.waived_count is 'Items that the last finished check found different, which a waiver accepts.';
comment on column fleet_status.due_count is 'Items that it found different from what the pack wants only later.';
comment on column fleet_status.flapping_since is 'Since when its alerts open and resolve so often that nobody is notified about them.';
comment on column fleet_status.alert_status is 'open or acknowledged; null if there is no unresolved alert about drift.';
comment on column fleet_status.stale is 'Two slots have been due since the last finished check, or since the assignment if no check has finished; of a server with stale_after, that long has passed.';
comment on column fleet_status.disabled is 'Switched off in the inventory, or disabled by an operator.';
comment on column fleet_status.unreadable_since is 'Since when an item that could be read before no longer can be.';
comment on column fleet_status.dark_count is 'How many items could be read before and no longer can be.';
comment on column fleet_status.item_count is 'Items in the last finished check.';
comment on column fleet_status.check_overdue is 'Nothing has been known about it for more than ten minutes, although it is to be checked.';
comment on column fleet_status.remembered_check_id is 'The last finished check that counted. It may have been deleted since.';
comment on column fleet_status.outdated is 'The last finished check used an older version of the pack.';
comment on column fleet_status.muted_by is 'The hold or the silence for which messages about it wait; null if they do not.';
comment on column fleet_status.standing is 'The one group that the row counts in: disabled, drifted, failed (the server cannot be checked, or the newest check failed), incomplete, compliant or unknown. A server that is often off is failed only when stale. Null for a server without packs.';
comment on column fleet_status.expect is 'always, or sometimes: the server is often off.';
comment on column fleet_status.failing_alert_id is 'The unresolved alert that the server cannot be checked.';
comment on column fleet_status.failing_alert_status is 'open or acknowledged; null if there is none.';
comment on column fleet_status.dark_alert_id is 'The unresolved alert that items can no longer be read.';
comment on column fleet_status.dark_alert_status is 'open or acknowledged; null if there is none.';

create or replace view open_alerts as
select a.alert_id, a.severity, a.status, a.server_id, s.display_name, a.pack_name, a.title, a.message, a.mismatch_count,
       a.opened_at, (select statement_clock()) - a.opened_at as age, a.acknowledged_by, a.diff_path, a.alert_type,
       (select (array_agg(m.muted_by order by m.until_at desc nulls last, m.muted_by))[1] from muted_servers m
        where m.server_id = a.server_id and (m.pack_name is null or m.pack_name = a.pack_name)) as muted_by
from alerts a
join servers s on s.server_id = a.server_id
where a.status <> 'resolved'
order by a.alert_id;
comment on view open_alerts is 'Alerts that are not resolved, oldest first.';
comment on column open_alerts.pack_name is 'The pack; null if the server as a whole cannot be checked.';
comment on column open_alerts.age is 'How long ago it opened.';
comment on column open_alerts.alert_type is 'config_drift; check_failing: the server cannot be checked, or, with a pack, items of it can no longer be read.';
comment on column open_alerts.muted_by is 'The hold or the silence for which messages about it wait; null if they do not.';

create or replace view outbox_backlog as
with holders as materialized (select * from lock_holders)
select o.outbox_id, o.destination, o.alert_id, o.seq, o.kind, o.state, o.attempt, t.now - o.created_at as age,
       case when o.state = 'dead' then 'given up: ' || coalesce(o.last_error, '')
            when dh.description is not null and (d.lease_expires_at is null or d.lease_expires_at <= t.now)
                then 'the row of its destination is held by ' || dh.description
            when oh.description is not null and o.created_at < t.now - interval '60 seconds' and o.state = 'pending'
                then 'its row is held by ' || oh.description
            when o.state = 'sending' then 'being sent by ' || coalesce(d.notifier_id, '?')
            when d.held_at is not null then 'the destination is paused by ' || d.held_by || ': ' || d.held_reason
            when d.unserved_reason is not null and (d.lease_expires_at is null or d.lease_expires_at <= t.now)
                then 'no notifier can send to the destination: ' || d.unserved_reason
            when muted.why is not null then muted.why
            when d.paused_at is not null then 'the destination is paused: ' || coalesce(d.paused_reason, '')
            when d.next_send_at > t.now + interval '2 seconds' then 'the destination waits until ' || rfc3339(d.next_send_at) || coalesce(': ' || o.last_error, '')
            when o.not_before > t.now then 'the message waits until ' || rfc3339(o.not_before) || coalesce(': ' || o.last_error, '')
            when d.lease_expires_at is null or d.lease_expires_at <= t.now then 'no notifier is at work'
            else 'waits for its turn' end as why,
       o.last_error, o.doubtful_attempts
from (select statement_clock() as now) t
cross join outbox o
left join destinations d on d.destination = o.destination
left join lateral (select * from holders h where d.xmax <> 0 and is_held_by(d.xmax, h.holder) limit 1) dh on true
left join lateral (select * from holders h where o.xmax <> 0 and is_held_by(o.xmax, h.holder) limit 1) oh on true
left join lateral (
    select (array_agg(m.muted_by order by m.until_at desc nulls last, m.muted_by))[1] as why from alerts a
    join muted_servers m on m.server_id = a.server_id and (m.pack_name is null or m.pack_name = a.pack_name)
    where a.alert_id = o.alert_id) muted on true
where o.state not in ('sent', 'folded')
order by o.outbox_id;
comment on view outbox_backlog is 'Messages that are not delivered, and why.';
comment on column outbox_backlog.why is 'Why it has not been delivered.';
comment on column outbox_backlog.kind is 'What it tells, such as drift_detected.';
comment on column outbox_backlog.doubtful_attempts is 'Attempts that may have delivered it without our knowing.';
comment on column outbox_backlog.age is 'How long ago it was queued.';

-- A dead message counts while something can be done about it: for a week, unless a later message of the same alert has been
-- sent.
create or replace view delivery_health as
select d.destination, d.kind, coalesce(d.held_at, d.paused_at) as paused_at, owed.messages as waiting, owed.oldest_at,
       lost.messages as dead,
       nullif(concat_ws('; ',
           case when d.held_at is not null then 'paused by ' || d.held_by || ': ' || d.held_reason end,
           case when d.lease_expires_at is null or d.lease_expires_at <= t.now then 'no notifier can send to it: ' || d.unserved_reason end,
           case when d.paused_at is not null then 'paused: ' || coalesce(d.paused_reason, 'no reason known') end,
           case when owed.oldest_at < t.now - interval '2 minutes' then 'its row is held by ' || held.description end,
           case when owed.oldest_at < t.now - interval '2 minutes' and not exists (
                    select from workers w where w.process = 'notifier' and is_alive(w.state, w.last_seen_at))
                then 'no notifier is alive' end,
           case when owed.oldest_at < t.now - interval '15 minutes'
                then 'the oldest of ' || owed.messages || ' has waited since ' || rfc3339(owed.oldest_at)
                     || coalesce(': ' || owed.last_error, '') end,
           case when lost.messages > 0 then lost.messages || ' given up' end), '') as problem,
       case when late.answers >= 2 and d.last_attempt_at > t.now - interval '1 day'
            then 'answers late: ' || late.answers || ' of the last ' || cardinality(d.recent_replies)
                 || ' attempts had no reply within 5 s' end as notice,
       d.unserved_reason is not null and (d.lease_expires_at is null or d.lease_expires_at <= t.now) as unserved,
       owed.muted, case when d.failures > 0 then owed.last_error end as last_error
from (select statement_clock() as now) t
cross join destinations d
left join lateral (
    select * from lock_holders h
    where d.xmax <> 0 and is_held_by(d.xmax, h.holder) and (d.lease_expires_at is null or d.lease_expires_at <= t.now) limit 1) held on true
cross join lateral (
    select (count(*) filter (where not o.muted))::integer as messages, (count(*) filter (where o.muted))::integer as muted,
           min(greatest(o.created_at, o.muted_until)) filter (where not o.muted) as oldest_at,
           -- What is muted, or behind another message, has not been tried.
           (array_agg(o.last_error order by o.outbox_id) filter (where o.last_error is not null))[1] as last_error from (
        (select o.outbox_id, o.created_at, o.muted_until, null as last_error, false as muted from outbox o
         where o.destination = d.destination and o.state = 'sending')
        union all
        (select o.outbox_id, o.created_at, o.muted_until, o.last_error, exists (
                    select from alerts a
                    join muted_servers m on m.server_id = a.server_id and (m.pack_name is null or m.pack_name = a.pack_name)
                    where a.alert_id = o.alert_id)
         from outbox o where o.destination = d.destination and o.state = 'pending'
         order by o.outbox_id limit 10000)) o) owed
cross join lateral (
    select count(*) as answers from unnest(d.recent_replies) reply where reply is null or reply > interval '5 seconds') late
cross join lateral (
    select count(*)::integer as messages from (
        select from outbox o
        where o.destination = d.destination and o.state = 'dead' and o.created_at > t.now - interval '7 days'
          and not exists (
            select from outbox later
            where later.alert_id = o.alert_id and later.destination = o.destination and later.seq > o.seq
              and later.state in ('sending', 'sent'))
        limit 10000) o) lost
order by d.destination;
comment on view delivery_health is 'Whether messages reach each destination.';
comment on column delivery_health.waiting is 'Messages that have not been sent yet, without muted ones; 10000 stands for that many or more.';
comment on column delivery_health.last_error is 'Why the oldest waiting message that was tried has not been sent; null if the last attempt at the destination did not fail.';
comment on column delivery_health.muted is 'Messages that wait for the end of a hold or a silence.';
comment on column delivery_health.oldest_at is 'When the oldest of them was queued.';
comment on column delivery_health.dead is 'Messages of the last week that were given up and can still be sent: driftwatch outbox redrive.';
comment on column delivery_health.problem is 'Why messages are not delivered; null if they are.';
comment on column delivery_health.unserved is 'Whether no notifier can send to it, for example because the file with its secret cannot be read.';
comment on column delivery_health.notice is 'That the destination answers late, or not at all, lately; null if it answers in time.';
