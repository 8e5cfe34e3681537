-- How the fleet does, for psql, the command line and the dashboard. Replaced in place, as those in v10_queue.sql are: new
-- columns at the end only.

create or replace view fleet_status as
select s.server_id, s.display_name, d.pack_name, d.state, d.since, d.last_checked_at,
       (select count(distinct m.item_key)::integer from mismatches m
        where m.server_id = d.server_id and m.pack_name = d.pack_name) as mismatch_count,
       last.check_id as last_check_id, last.verdict as last_verdict, last.reason as last_reason,
       last.checked_at as last_verdict_at, last.unreadable_count,
       coalesce(d.last_checked_at, d.since) < older.slot_at as stale,
       not s.drift_detection_enabled or (s.disabled_at is not null and coalesce(s.disabled_until > clock(), true)) as disabled,
       case when not s.drift_detection_enabled then 'off in the inventory'
            when s.disabled_at is not null and coalesce(s.disabled_until > clock(), true) then s.disabled_reason end as disabled_reason,
       s.failing_streak, a.alert_id, a.status as alert_status
from servers s
left join drift_states d on d.server_id = s.server_id
left join lateral (
    select c.check_id, c.verdict, c.reason, c.checked_at, c.unreadable_count from checks c
    where c.server_id = d.server_id and c.pack_name = d.pack_name
    order by c.check_id desc limit 1) last on true
left join lateral (
    select l.slot_at from slots l where l.schedule_name = 'default' order by l.slot_at desc offset 1 limit 1) older on true
left join alerts a on a.server_id = d.server_id and a.pack_name = d.pack_name and a.status <> 'resolved'
where s.removed_at is null
order by s.server_id, d.pack_name;
comment on view fleet_status is 'One line per server and pack; a server without packs has one line with no pack.';
comment on column fleet_status.mismatch_count is 'Items known to be wrong, whether they alerted or not.';
comment on column fleet_status.last_check_id is 'The newest check, whatever its verdict.';
comment on column fleet_status.last_verdict is 'Of the newest check, failed ones too.';
comment on column fleet_status.last_reason is 'Why it failed.';
comment on column fleet_status.last_verdict_at is 'When that check was written.';
comment on column fleet_status.alert_status is 'open or acknowledged; null where no alert is live.';
comment on column fleet_status.stale is 'The last check that finished is older than two slots, or none ever did since then.';
comment on column fleet_status.disabled is 'Declared off, or on hold.';

create or replace view open_alerts as
select a.alert_id, a.severity, a.status, a.server_id, s.display_name, a.pack_name, a.title, a.message, a.mismatch_count,
       a.opened_at, clock() - a.opened_at as age, a.acknowledged_by, a.diff_path
from alerts a
join servers s on s.server_id = a.server_id
where a.status <> 'resolved'
order by a.alert_id;
comment on view open_alerts is 'Alerts that are not resolved, oldest first.';
comment on column open_alerts.age is 'Since it opened.';

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
comment on column outbox_backlog.why is 'What it waits for.';
comment on column outbox_backlog.kind is 'What it says.';
comment on column outbox_backlog.age is 'Since it was owed.';
