-- Items that go wrong and right over and over. While an assignment flaps, its alerts change as ever, and owe_notification writes
-- only the messages that say more than that it flaps. When it flaps is decided in Swift (Flapping).

-- What an alert named in a hold or a silence has no turn, nor at the alert's end: a deploy every week is no flapping. Neither has
-- what a change of the pack made wrong.
create or replace function turns_of_item(server text, pack text, item text) returns integer
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select count(turn.at)::integer
    from drift_states d
    join alerts a on a.server_id = d.server_id and a.pack_name = d.pack_name and a.alert_type = 'config_drift'
        and a.updated_at > clock() - interval '14 days'
    cross join lateral (
        select min(e.at) as at from alert_events e
        where e.alert_id = a.alert_id and not e.detail ? 'muted_by'
          and exists (select from jsonb_array_elements(e.detail -> 'items') i
                      where i ->> 'item' = turns_of_item.item and i #>> '{cause,kind}' is distinct from 'pack')) named
    cross join lateral (
        values (named.at), (case when named.at is not null and a.resolution = 'compliant' then a.resolved_at end)) turn (at)
    where d.server_id = server and d.pack_name = pack and turn.at > greatest(clock() - interval '14 days', d.settled_at)
$$;
comment on function turns_of_item(text, text, text) is
    'How often alerts about an item of a server and pack began, or resolved by themselves, in 14 days, since it last stopped flapping.';

-- items: what is newly wrong, by the names that alerts keep; null: what the live alert has named. Nothing begins to flap while it
-- is muted.
create or replace function turns_of(server text, pack text, items text[]) returns integer
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select case
        when muted_by(server, pack) is not null
            or exists (select from servers s where s.server_id = server and s.labels ->> 'canary' = 'true') then 0
        else coalesce((
            select max(turns_of_item(server, pack, named.item))
            from (select unnest(items) as item
                  union
                  select i ->> 'item' from alerts a
                  join alert_events e on e.alert_id = a.alert_id
                  cross join jsonb_array_elements(e.detail -> 'items') i
                  where items is null and a.server_id = server and a.pack_name = pack and a.alert_type = 'config_drift'
                    and a.status <> 'resolved' and not e.detail ? 'muted_by') named), 0) end
$$;
comment on function turns_of(text, text, text[]) is
    'The turns of the item that turned most often, of these. 0 if nothing begins to flap now, and for a canary.';

create or replace function flapping_turns() returns integer
language sql immutable
as $$ select 4 $$;
comment on function flapping_turns() is 'How many turns of an item are flapping.';

-- Of what an item does that flaps nobody hears, nor of the end of an alert that nobody has heard of since. items: as in a payload.
create or replace function is_only_flapping(alert alerts, kind text, items jsonb) returns boolean
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select exists (
        select from drift_states f
        where f.server_id = alert.server_id and f.pack_name = alert.pack_name and f.flapping_since is not null
          and case kind
              when 'drift_resolved' then not exists (
                  select from outbox o
                  where o.alert_id = alert.alert_id and o.kind in ('drift_detected', 'drift_changed')
                    and o.created_at >= f.flapping_since)
              else not exists (
                  select from jsonb_array_elements(items) i
                  where turns_of_item(alert.server_id, alert.pack_name, i ->> 'item') < flapping_turns()) end)
$$;
comment on function is_only_flapping(alerts, text, jsonb) is
    'Whether a message about what a check found would say no more than that the assignment flaps.';

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
    select a.resolution, d.last_check_id,
           case when kind = 'drift_settled' and a.status = 'resolved' then '[]' else items_to_show(alert) end as items,
           hash_of(kind, a.pack_name, a.resolution, coalesce(opened.detail ->> 'change', alert::text)) as key
    into strict told
    from alerts a join drift_states d on d.server_id = a.server_id and d.pack_name = a.pack_name
    left join alert_events opened on opened.alert_id = a.alert_id and opened.event = 'opened'
    where a.alert_id = alert;
    perform owe_notification(
        alert, add_alert_event(alert, replace(kind, 'drift_', ''), 'driftwatch', detail), kind,
        detail || jsonb_build_object('resolution', told.resolution, 'items', told.items), told.key, told.last_check_id);
end
$$;
comment on function tell_about_flapping(bigint, text, jsonb) is 'Queues drift_flapping or drift_settled about an alert.';

create or replace function tell_flapping(alert bigint, turns integer) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$ select tell_about_flapping(alert, 'drift_flapping', jsonb_build_object('turn_count', turns)) $$;
comment on function tell_flapping(bigint, integer) is 'Queues the one message that says that an item flaps.';

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
