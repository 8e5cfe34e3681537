-- What need not be said any more. Messages wait: for a destination that is down or paused, for their turn, for the end of a
-- hold. Meanwhile alerts change and resolve. So when the turn of a message comes, and more about its alert waits behind it,
-- they become one: it tells what is true by then, and the others are folded. A message that may have been delivered is never
-- folded.

create or replace function opens_alert(kind text) returns boolean
language sql immutable
as $$ select kind in ('drift_detected', 'check_failing', 'items_unreadable') $$;
comment on function opens_alert(text) is 'Whether a message tells of an alert that opened. Items that are added to what is unreadable are told in the same way.';

create or replace function ends_alert(kind text) returns boolean
language sql immutable
as $$ select kind in ('drift_resolved', 'check_recovered', 'items_readable') $$;
comment on function ends_alert(text) is 'Whether a message tells of an alert that is over.';

create or replace function still_wrong(alert bigint, items jsonb) returns jsonb
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select coalesce(jsonb_agg(i.value order by i.ordinality), '[]')
    from alerts a
    cross join jsonb_array_elements(items) with ordinality i
    where a.alert_id = alert and case
        when a.status = 'resolved' then true
        when a.alert_type = 'config_drift' then exists (
            select from mismatches m
            where m.server_id = a.server_id and m.pack_name = a.pack_name
              and m.item = i.value ->> 'item' and m.type = i.value ->> 'type')
        else exists (
            select from unreadables u
            where u.server_id = a.server_id and u.pack_name = a.pack_name and u.alerted and u.item = i.value ->> 'item') end
$$;
comment on function still_wrong(bigint, jsonb) is 'Those of the items of a message that are wrong, or unreadable, now; of an alert that is over, all.';

create or replace function count_names(items jsonb) returns integer
language sql immutable
as $$ select count(distinct i.value ->> 'item')::integer from jsonb_array_elements(items) i $$;
comment on function count_names(jsonb) is 'How many items the differences of a message are about.';

create or replace function first_ten(items jsonb) returns jsonb
language sql immutable
as $$
    select coalesce(jsonb_agg(i.value order by i.place, i.number), '[]')
    from (select n.value, n.number, dense_rank() over (order by n.first) as place
          from (select value, number, min(number) over (partition by value ->> 'item') as first
                from jsonb_array_elements(items) with ordinality e (value, number)) n) i
    where i.place <= 10
$$;
comment on function first_ten(jsonb) is 'The differences of the first ten items.';

-- Facts of the later one, but what was added counts from the earlier one on. What was added by both, and was right in between,
-- counts once.
create or replace function merged_facts(alert bigint, earlier outbox, later outbox) returns jsonb
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
declare
    old constant jsonb := earlier.payload -> 'items';
    -- None of an edit.
    new constant jsonb := later.payload -> 'items';
    kept constant jsonb := still_wrong(alert, (
        select coalesce(jsonb_agg(i.value order by i.ordinality), '[]')
        from jsonb_array_elements(old) with ordinality i
        where not exists (select from jsonb_array_elements(new) n where n.value ->> 'item' = i.value ->> 'item')));
    key constant text := case
        when is_only_an_edit(later.kind) and jsonb_array_length(kept) = jsonb_array_length(old) then earlier.group_key
        when earlier.group_key is not null then hash_of(earlier.group_key, later.group_key, kept::text) end;
begin
    return earlier.payload || (later.payload - 'actor' - 'comment') || jsonb_build_object(
        'kind', earlier.kind, 'items', first_ten(kept || new),
        'added_count', (earlier.payload ->> 'added_count')::integer - count_names(old) + count_names(kept)
            + coalesce((later.payload ->> 'added_count')::integer, 0),
        'previous_count', earlier.payload -> 'previous_count',
        'acknowledged_by', coalesce(nullif(later.payload -> 'acknowledged_by', 'null'), earlier.payload -> 'acknowledged_by'),
        'group_key', case when earlier.payload ->> 'group_key' is not null then key end);
end
$$;
comment on function merged_facts(bigint, outbox, outbox) is 'The payload of one message that says what two would have said.';

-- What was told in a message that is now folded itself has not been told: it has the reason of that one.
create or replace function fold_away(message bigint, why text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update outbox o set state = 'folded', last_error = why
    where o.alert_id = (select f.alert_id from outbox f where f.outbox_id = message)
      and (o.outbox_id = message or o.last_error = 'told in message ' || message)
$$;
comment on function fold_away(bigint, text) is 'Marks a message as one that had not to be sent.';

-- What opened and ended within a hold or a silence, or at the look after it, is not told at all.
create or replace function fold_two(earlier outbox, later outbox) returns boolean
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    -- Nobody at the destination has heard of the alert.
    untold constant boolean := not exists (
        select from outbox told
        where told.alert_id = earlier.alert_id and told.destination = earlier.destination and told.seq < earlier.seq
          and told.state <> 'folded');
    merged jsonb;
begin
    if is_only_an_edit(earlier.kind) then
        perform fold_away(earlier.outbox_id, 'a later message shows the alert as it is');
        return true;
    elsif not (opens_alert(earlier.kind) or earlier.kind = 'drift_changed') then
        return false;
    elsif ends_alert(later.kind) then
        perform fold_away(earlier.outbox_id, 'the alert was over before this was sent');
        if untold and later.created_at <= earlier.muted_until + interval '15 minutes' then
            perform fold_away(later.outbox_id, 'the alert opened and was over while its messages were held or silenced');
        elsif untold then
            update outbox o
            set payload = o.payload || jsonb_build_object('opening_folded', true, 'items', earlier.payload -> 'items')
            where o.outbox_id = later.outbox_id;
        end if;
        return true;
    elsif later.kind = 'drift_flapping' then
        perform fold_away(earlier.outbox_id, 'told in message ' || later.outbox_id);
        return true;
    elsif later.kind in ('drift_changed', 'items_unreadable') or is_only_an_edit(later.kind) then
        merged := merged_facts(earlier.alert_id, earlier, later);
        if earlier.kind = 'drift_changed' and (merged ->> 'added_count')::integer <= 0 then
            perform fold_away(earlier.outbox_id, 'what was added is right again');
        else
            perform fold_away(later.outbox_id, 'told in message ' || earlier.outbox_id);
            update outbox o set payload = merged, group_key = coalesce(merged ->> 'group_key', o.group_key)
            where o.outbox_id = earlier.outbox_id;
        end if;
        return true;
    end if;
    return false;
end
$$;
comment on function fold_two(outbox, outbox) is
    'Makes one message of two about an alert, of which the later one is the next after the earlier one. False if both have to be sent.';

-- The caller holds the destination's row, and chooses again if this returns true. Folds one pair of each alert: what was folded
-- into one may be folded again.
create or replace function fold_waiting(message bigint[]) returns boolean
language sql security definer set search_path = driftwatch, pg_temp
as $$
    select coalesce(bool_or(fold_two(earlier, next.later)), false)
    from outbox earlier
    join lateral (
        select later from outbox later
        where later.alert_id = earlier.alert_id and later.destination = earlier.destination and later.seq > earlier.seq
          and later.state <> 'folded'
        order by later.seq limit 1) next on (next.later).state = 'pending' and not (next.later).tried
    where earlier.outbox_id = any(message) and not earlier.tried
$$;
comment on function fold_waiting(bigint[]) is
    'Folds what waits behind the notifications of the next message and can be told together with them. True if there was any.';
