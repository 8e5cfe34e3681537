-- Alerts that open and resolve over and over. While an assignment flaps, its alerts change as ever, and owe_notification
-- writes no messages about what checks find. When it flaps is decided in Swift (Flapping).

-- An alert that opened in a hold or a silence is no turn, nor is its end: a deploy every week is no flapping. So nothing begins
-- to flap while it is muted, or by the end of such an alert.
create or replace function turns_of(server text, pack text) returns integer
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select coalesce((
        select case
            when muted_by(server, pack) is not null or bool_or(a.status <> 'resolved' and opened.detail ? 'muted_by')
                or exists (select from servers s where s.server_id = server and s.labels ->> 'canary' = 'true') then 0
            else (count(turn.at) filter (where not opened.detail ? 'muted_by'
                                         and turn.at > greatest(clock() - interval '14 days', d.settled_at)))::integer end
        from drift_states d
        join alerts a on a.server_id = d.server_id and a.pack_name = d.pack_name and a.alert_type = 'config_drift'
        join alert_events opened on opened.alert_id = a.alert_id and opened.event = 'opened'
        cross join lateral (values (a.opened_at), (case when a.resolution = 'compliant' then a.resolved_at end)) turn (at)
        where d.server_id = server and d.pack_name = pack
        group by d.settled_at), 0)
$$;
comment on function turns_of(text, text) is
    'How often alerts of a server and pack opened, or resolved by themselves, in 14 days, since it last stopped flapping. 0 if nothing begins to flap now, and for a canary.';

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

-- What flaps, or stops, in the same way on many servers goes out together.
create or replace function tell_about_flapping(alert bigint, kind text, detail jsonb) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    told record;
begin
    select a.resolution, d.last_check_id, hash_of(kind, a.pack_name, a.resolution, (
        select string_agg(concat(i ->> 'item', ' ', i ->> 'type'), e'\x1f') from jsonb_array_elements(items_to_show(alert)) i)) as key
    into strict told
    from alerts a join drift_states d on d.server_id = a.server_id and d.pack_name = a.pack_name
    where a.alert_id = alert;
    perform owe_notification(
        alert, add_alert_event(alert, replace(kind, 'drift_', ''), 'driftwatch', detail), kind,
        detail || jsonb_build_object('resolution', told.resolution), told.key, told.last_check_id);
end
$$;
comment on function tell_about_flapping(bigint, text, jsonb) is 'Queues drift_flapping or drift_settled about an alert.';

create or replace function tell_flapping(alert bigint, turns integer) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$ select tell_about_flapping(alert, 'drift_flapping', jsonb_build_object('turn_count', turns)) $$;
comment on function tell_flapping(bigint, integer) is 'Queues the one message about a flapping alert: until it settles there is no other.';

-- The message is about the last alert, open or resolved.
create or replace function tell_settled(server text, pack text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    select tell_about_flapping(last.alert_id, 'drift_settled', '{}')
    from (select a.alert_id from alerts a
          where a.server_id = server and a.pack_name = pack and a.alert_type = 'config_drift'
          order by a.alert_id desc limit 1) last
$$;
comment on function tell_settled(text, text) is 'Queues the message that says what is true now that an alert has stopped flapping.';
