-- The state of the fleet, for psql, the command line and the dashboard. Views are replaced in place (see v10_queue.sql): new
-- columns go at the end.

create or replace view fleet_status as
select s.server_id, s.display_name, d.pack_name, d.state, d.since, d.last_checked_at,
       (select count(distinct m.item_key)::integer from mismatches m
        where m.server_id = d.server_id and m.pack_name = d.pack_name) as mismatch_count,
       last.check_id as last_check_id, last.verdict as last_verdict, last.reason as last_reason,
       last.checked_at as last_verdict_at, d.unreadable_count,
       coalesce(d.last_checked_at, d.since) < (select stale_before('default')) as stale,
       is_off.disabled,
       case when not s.drift_detection_enabled then 'off in the inventory'
            when is_off.disabled then s.disabled_reason end as disabled_reason,
       s.failing_streak, a.alert_id, a.status as alert_status,
       shown_state(d.state, d.unreadable_count) as shown_state,
       s.failing_since, s.failing_reason, dark.since as unreadable_since, dark.items as dark_count, d.item_count,
       d.pack_digest <> p.digest as outdated,
       case when d.pack_name is null then null
            when is_off.disabled then 'disabled'
            when d.state = 'drifted' then 'drifted'
            when s.failing_since is not null or last.verdict = 'failed' then 'failed'
            else shown_state(d.state, d.unreadable_count) end as standing
from servers s
cross join lateral (
    select not s.drift_detection_enabled or on_hold(s.disabled_at, s.disabled_until) as disabled) is_off
left join drift_states d on d.server_id = s.server_id
left join assignments g on g.server_id = d.server_id and g.pack_name = d.pack_name
left join packs p on p.pack_name = d.pack_name
left join lateral (
    select c.check_id, c.verdict, c.reason, c.checked_at from checks c
    where c.server_id = d.server_id and c.pack_name = d.pack_name
    order by c.check_id desc limit 1) last on last.checked_at >= g.assigned_at
left join lateral (
    select min(u.since) as since, count(*)::integer as items from unreadables u
    where u.server_id = d.server_id and u.pack_name = d.pack_name and u.was_readable) dark on d.pack_name is not null
left join alerts a on a.server_id = d.server_id and a.pack_name = d.pack_name and a.status <> 'resolved'
where s.removed_at is null
order by s.server_id, d.pack_name;
comment on view fleet_status is 'One row per server and pack. A server without packs has one row, with no pack.';
comment on column fleet_status.state is 'The remembered state, which ignores items that could not be read. Use shown_state instead.';
comment on column fleet_status.mismatch_count is 'Items known to be wrong, with or without an alert.';
comment on column fleet_status.last_check_id is 'The newest stored check, whatever its verdict. Null if none is stored: older ones may have been deleted.';
comment on column fleet_status.last_verdict is 'The verdict of that check: compliant, drifted, incomplete or failed.';
comment on column fleet_status.last_reason is 'Why that check failed; null if it did not.';
comment on column fleet_status.last_verdict_at is 'When that check was stored.';
comment on column fleet_status.unreadable_count is 'Items that the last finished check could not judge.';
comment on column fleet_status.alert_status is 'open or acknowledged; null if there is no unresolved alert.';
comment on column fleet_status.stale is 'Two slots have been due since the last finished check, or since the assignment if no check has finished.';
comment on column fleet_status.disabled is 'Switched off in the inventory, or disabled by an operator.';
comment on column fleet_status.shown_state is 'drifted: an item is known to be wrong. incomplete: none is, but the last finished check could not read all items. compliant: all items were read and are right. unknown: no item has been read.';
comment on column fleet_status.unreadable_since is 'Since when an item that could be read before no longer can be.';
comment on column fleet_status.dark_count is 'How many items could be read before and no longer can be.';
comment on column fleet_status.item_count is 'Items in the last finished check.';
comment on column fleet_status.outdated is 'The last finished check used an older version of the pack.';
comment on column fleet_status.standing is 'The one group that the row counts in: disabled, drifted, failed (the server cannot be checked, or the newest check failed), incomplete, compliant or unknown. Null for a server without packs.';

create or replace view open_alerts as
select a.alert_id, a.severity, a.status, a.server_id, s.display_name, a.pack_name, a.title, a.message, a.mismatch_count,
       a.opened_at, clock() - a.opened_at as age, a.acknowledged_by, a.diff_path
from alerts a
join servers s on s.server_id = a.server_id
where a.status <> 'resolved'
order by a.alert_id;
comment on view open_alerts is 'Alerts that are not resolved, oldest first.';
comment on column open_alerts.age is 'How long ago it opened.';

create or replace view outbox_backlog as
select o.outbox_id, o.destination, o.alert_id, o.seq, o.kind, o.state, o.attempt, clock() - o.created_at as age,
       case when o.state = 'dead' then 'refused for good: ' || coalesce(o.last_error, '')
            when o.state = 'sending' then 'being sent by ' || coalesce(d.notifier_id, '?')
            when d.paused_at is not null then 'the destination is paused: ' || coalesce(d.paused_reason, '')
            when d.next_send_at > clock() + interval '2 seconds' then 'the destination waits until ' || to_char(d.next_send_at, 'HH24:MI:SS') || coalesce(': ' || o.last_error, '')
            when o.not_before > clock() then 'the message waits until ' || to_char(o.not_before, 'HH24:MI:SS') || coalesce(': ' || o.last_error, '')
            when d.lease_expires_at is null or d.lease_expires_at <= clock() then 'no notifier is at work'
            else 'waits for its turn' end as why,
       o.last_error
from outbox o
left join destinations d on d.destination = o.destination
where o.state <> 'sent'
order by o.outbox_id;
comment on view outbox_backlog is 'Messages that are not delivered, and why.';
comment on column outbox_backlog.why is 'Why it has not been delivered.';
comment on column outbox_backlog.kind is 'drift_detected, drift_changed or drift_resolved.';
comment on column outbox_backlog.age is 'How long ago it was queued.';

-- A dead message counts while something can be done about it: for a week, unless a later message of the same alert has been
-- sent.
create or replace view delivery_health as
select d.destination, d.kind, d.paused_at, owed.messages as waiting, owed.oldest_at, lost.messages as dead,
       nullif(concat_ws('; ',
           case when d.paused_at is not null then 'paused: ' || coalesce(d.paused_reason, 'no reason known') end,
           case when owed.oldest_at < clock() - interval '2 minutes' and not exists (
                    select from workers w where w.process = 'notifier' and is_alive(w.state, w.last_seen_at))
                then 'no notifier is alive' end,
           case when owed.oldest_at < clock() - interval '15 minutes'
                then 'the oldest of ' || owed.messages || ' has waited since ' || rfc3339(owed.oldest_at)
                     || coalesce(': ' || owed.last_error, '') end,
           case when lost.messages > 0 then lost.messages || ' refused for good' end), '') as problem
from destinations d
cross join lateral (
    select count(*)::integer as messages, min(o.created_at) as oldest_at,
           (array_agg(o.last_error order by o.outbox_id))[1] as last_error
    from outbox o where o.destination = d.destination and o.state in ('pending', 'sending')) owed
cross join lateral (
    select count(*)::integer as messages from outbox o
    where o.destination = d.destination and o.state = 'dead' and o.created_at > clock() - interval '7 days'
      and not exists (
        select from outbox later
        where later.alert_id = o.alert_id and later.destination = o.destination and later.seq > o.seq
          and later.state in ('sending', 'sent'))) lost
order by d.destination;
comment on view delivery_health is 'Whether messages reach each destination.';
comment on column delivery_health.waiting is 'Messages that have not been sent yet.';
comment on column delivery_health.oldest_at is 'When the oldest of them was queued.';
comment on column delivery_health.dead is 'Messages of the last week that were refused for good and can still be sent: driftwatch outbox redrive.';
comment on column delivery_health.problem is 'Why messages are not delivered; null if they are.';
