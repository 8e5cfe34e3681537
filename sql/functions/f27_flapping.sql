-- Alerts that open and resolve over and over. While an assignment flaps, its alerts change as ever, and owe_notification
-- writes no messages about what checks find. When it flaps is decided in Swift (Flapping).

create or replace function turns_of(server text, pack text) returns integer
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select count(*)::integer
    from alerts a
    join drift_states d on d.server_id = a.server_id and d.pack_name = a.pack_name
    cross join lateral (values (a.opened_at), (case when a.resolution = 'compliant' then a.resolved_at end)) turn (at)
    where a.server_id = server and a.pack_name = pack and a.alert_type = 'config_drift'
      and turn.at > greatest(clock() - interval '14 days', d.settled_at)
      and not exists (select from servers s where s.server_id = server and s.labels ->> 'canary' = 'true')
$$;
comment on function turns_of(text, text) is
    'How often alerts of a server and pack opened, or resolved by themselves, in 14 days, since it last stopped flapping. 0 for a canary.';

-- The caller holds the lock on the drift state's row.
create or replace function note_flapping(server text, pack text, equal integer) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update drift_states d
    set flapping_since = case when equal is not null then coalesce(d.flapping_since, clock()) end,
        equal_checks = equal, settled_at = case when equal is null then clock() else d.settled_at end
    where d.server_id = server and d.pack_name = pack and (equal is not null or d.flapping_since is not null)
$$;
comment on function note_flapping(text, text, integer) is
    'Records that an assignment flaps, and how many checks in a row found the same. Null: it does not flap any more.';

create or replace function tell_flapping(alert bigint, turns integer) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    seq integer;
begin
    seq := add_alert_event(alert, 'flapping', 'driftwatch', jsonb_build_object('turn_count', turns));
    perform owe_notification(alert, seq, 'drift_flapping', jsonb_build_object('turn_count', turns,
        'resolution', (select a.resolution from alerts a where a.alert_id = alert)));
end
$$;
comment on function tell_flapping(bigint, integer) is 'Queues the one message about a flapping alert: until it settles there is no other.';

-- The message is about the last alert, open or resolved.
create or replace function tell_settled(server text, pack text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    alert bigint;
    resolution text;
    seq integer;
begin
    select a.alert_id, a.resolution into alert, resolution from alerts a
    where a.server_id = server and a.pack_name = pack and a.alert_type = 'config_drift' order by a.alert_id desc limit 1;
    if alert is null then
        return;
    end if;
    seq := add_alert_event(alert, 'settled', 'driftwatch', jsonb_strip_nulls(jsonb_build_object('resolution', resolution)));
    perform owe_notification(alert, seq, 'drift_settled', jsonb_build_object('resolution', resolution));
end
$$;
comment on function tell_settled(text, text) is 'Queues the message that says what is true now that an alert has stopped flapping.';
