-- Moves what is known about items, and alerts, when an apply takes items from a pack. Swift (MemoryMoves, AlertMoves)
-- decides what moves; these functions do it, inside the transaction that begin_apply began.

-- What the decision about alerts needs. It stays locked until the decision is carried out.
create or replace function lock_alerts_of(servers text[])
returns table (server_id text, pack_name text, alert_id bigint, wrong text[])
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
begin
    perform from drift_states d where d.server_id = any(servers) order by d.server_id, d.pack_name for update;
    perform from alerts a where a.server_id = any(servers) and a.status <> 'resolved' order by a.alert_id for update;
    return query
    select a.server_id, a.pack_name, a.alert_id,
           array(select distinct m.item_key from mismatches m where m.server_id = a.server_id and m.pack_name = a.pack_name)
    from alerts a
    where a.server_id = any(servers) and a.alert_type = 'config_drift' and a.status <> 'resolved';
end
$$;
comment on function lock_alerts_of(text[]) is 'Locks the current state of these servers, and returns their unresolved alerts about drift, with the items that are wrong.';

-- moves is {"keys": […], "sources": […], "targets": […], "close": [alert…], "follow": [{"alert", "source", "target"}…],
-- "split": [the same…]}; null: nothing moves. The caller holds the server's row and what lock_alerts_of locks.
create or replace function carry_out(server text, moves jsonb, actor text) returns void
language plpgsql strict security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    fate record;
begin
    perform move_memory(
        server,
        array(select jsonb_array_elements_text(moves -> 'keys')),
        array(select jsonb_array_elements_text(moves -> 'sources')),
        array(select jsonb_array_elements_text(moves -> 'targets')));
    for fate in select c::bigint as alert from jsonb_array_elements_text(moves -> 'close') c order by 1 loop
        perform close_alert(fate.alert, 'unassigned', actor);
    end loop;
    -- Two packs may swap their items: first all alerts leave their packs, then they arrive. An alert that this apply has
    -- resolved, because the server is no longer watched, stays where it was.
    update alerts a set pack_name = 'moving ' || a.alert_id
    from jsonb_to_recordset(moves -> 'follow') as f (alert bigint)
    where a.alert_id = f.alert and a.status <> 'resolved';
    for fate in
        select f.* from jsonb_to_recordset(moves -> 'follow') as f (alert bigint, source text, target text)
        join alerts a on a.alert_id = f.alert and a.status <> 'resolved'
        order by f.alert
    loop
        perform move_alert(fate.alert, fate.source, fate.target, actor);
    end loop;
    for fate in
        select f.* from jsonb_to_recordset(moves -> 'split') as f (alert bigint, source text, target text)
        join alerts a on a.alert_id = f.alert and a.status <> 'resolved'
        order by f.alert, f.target
    loop
        perform split_alert(fate.alert, fate.source, fate.target, actor);
    end loop;
    for fate in
        select a.alert_id from alerts a where a.server_id = server and a.status <> 'resolved' order by a.alert_id
    loop
        perform settle_alert(fate.alert_id, actor);
    end loop;
end
$$;
comment on function carry_out(text, jsonb, text) is 'Moves what is known about items, and alerts, from one pack of a server to another.';

-- For items that a changed pack no longer has and that moved to no other pack. An alert about nothing else is resolved
-- as unassigned. apply_pack has locked the states of the pack, so nobody else changes its alerts.
create or replace function forget_items(pack text, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    keys constant text[] := (select p.item_keys from packs p where p.pack_name = pack);
    live bigint;
begin
    actor := acting_as(actor);
    delete from mismatches m where m.pack_name = pack and m.item_key <> all(keys);
    with gone as (
        delete from unreadables u where u.pack_name = pack and u.item_key <> all(keys) returning u.server_id)
    update drift_states d set unreadable_count = d.unreadable_count - g.items
    from (select server_id, count(*)::integer as items from gone group by server_id) g
    where d.server_id = g.server_id and d.pack_name = pack;
    update drift_states d
    set unverified = array(select k from unnest(d.unverified) k where k = any(keys) order by k),
        unverified_contents = array(select k from unnest(d.unverified_contents) k where k = any(keys) order by k),
        never_compliant = d.never_compliant - array(select k from jsonb_object_keys(d.never_compliant) k where k <> all(keys))
    where d.pack_name = pack
      and not (d.unverified <@ keys and d.unverified_contents <@ keys
               and array(select jsonb_object_keys(d.never_compliant)) <@ keys);
    -- If no item of the new version was ever fully read, the state of the old version no longer says anything.
    update drift_states d
    set state = n.state, since = now
    from drift_states o
    cross join lateral (
        select case when keys <> '{}' and o.unverified || o.unverified_contents @> keys then 'unknown' else 'compliant' end
            as state) n
    where d.server_id = o.server_id and d.pack_name = pack and o.pack_name = pack
      and d.state <> 'unknown' and d.state <> n.state
      and not exists (select from mismatches m where m.server_id = d.server_id and m.pack_name = pack);
    for live in
        select a.alert_id from alerts a where a.pack_name = pack and a.status <> 'resolved' order by a.alert_id
    loop
        perform settle_alert(live, actor);
    end loop;
end
$$;
comment on function forget_items(text, text) is 'Deletes what is known about items that a pack no longer has, and resolves alerts about nothing else.';

-- For an alert whose items moved to another pack, or came from one.
create or replace function settle_alert(alert bigint, actor text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    held alerts;
    wrong constant integer := wrong_items(alert);
begin
    select * into strict held from alerts a where a.alert_id = alert;
    if held.alert_type = 'check_failing' then
        if held.pack_name is not null then
            perform settle_dark(held.server_id, held.pack_name, 'unassigned', actor);
        end if;
    elsif wrong = 0 then
        perform close_alert(alert, 'unassigned', actor);
    elsif wrong <> held.mismatch_count then
        -- The link stays, because no check found this.
        update alerts a
        set mismatch_count = wrong, message = drift_message(a.server_id, a.pack_name, wrong)
        where a.alert_id = alert;
        perform add_alert_event(alert, 'recounted', actor, jsonb_build_object(
            'mismatch_count', wrong, 'previous_count', held.mismatch_count));
    end if;
end
$$;
comment on function settle_alert(bigint, text) is 'Updates the count of an unresolved alert without a message, or resolves it as unassigned if nothing is left.';

create or replace function wrong_items(alert bigint) returns integer
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select count(distinct m.item_key)::integer from mismatches m
    join alerts a on a.server_id = m.server_id and a.pack_name = m.pack_name
    where a.alert_id = alert
$$;
comment on function wrong_items(bigint) is 'How many items of an alert''s server and pack are known to be wrong.';

-- If an item leaves one pack of a server and another pack expects exactly the same, what is known about it moves too:
-- whether it was ever read, whether its content was, whether it was ever right, what is wrong with it, and whether it can
-- be read now. keys, sources
-- and targets have the same length and belong together by index. Both packs must be assigned. What is already known about
-- the target stays.
create or replace function move_memory(server text, keys text[], sources text[], targets text[]) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
begin
    perform move_never_compliant(server, keys, sources, targets);
    insert into mismatches (
        server_id, pack_name, item_key, type, item, expected, actual, since, check_id, cause, cause_detail)
    select distinct on (m.target, x.item_key, x.type)
           server, m.target, x.item_key, x.type, x.item, x.expected, x.actual, x.since, x.check_id, x.cause,
           x.cause_detail
    from unnest(keys, sources, targets) as m (key, source, target)
    join mismatches x on x.server_id = server and x.pack_name = m.source and x.item_key = m.key
    order by m.target, x.item_key, x.type, x.since
    on conflict (server_id, pack_name, item_key, type) do update
    set since = least(mismatches.since, excluded.since);
    -- The alert does not move along: the other pack's next check opens one.
    insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since, slots)
    select distinct on (m.target, u.item_key)
           server, m.target, u.item_key, u.item, u.reason, u.was_readable, u.since, u.slots
    from unnest(keys, sources, targets) as m (key, source, target)
    join unreadables u on u.server_id = server and u.pack_name = m.source and u.item_key = m.key
    order by m.target, u.item_key, u.was_readable desc, u.since
    on conflict (server_id, pack_name, item_key) do nothing;

    with moved as (
        select m.key, m.target,
               bool_or(m.key <> all(s.unverified)) as judged,
               bool_or(m.key <> all(s.unverified || s.unverified_contents)) as judged_whole
        from unnest(keys, sources, targets) as m (key, source, target)
        join drift_states s on s.server_id = server and s.pack_name = m.source
        group by m.key, m.target
    ), heirs as (
        select m.target, coalesce(array_agg(m.key) filter (where m.judged), '{}') as judged,
               coalesce(array_agg(m.key) filter (where m.judged_whole), '{}') as judged_whole
        from moved m group by m.target)
    update drift_states d
    set unverified = array(select k from unnest(d.unverified) k where k <> all(h.judged) order by k),
        unverified_contents = array(
            select k from unnest(d.unverified_contents || array(
                select u from unnest(d.unverified) u where u = any(h.judged))) k
            where k <> all(h.judged_whole) group by k order by k)
    from heirs h
    where d.server_id = server and d.pack_name = h.target;

    -- Compliant only if all items are known to have been right. If some have never been read, the first check decides.
    with origins as (
        select m.target, bool_and(s.state <> 'unknown') as known, min(s.since) filter (where s.state = 'drifted') as drifted,
               max(s.since) as since, min(s.last_checked_at) as last_checked_at
        from (select distinct source, target from unnest(keys, sources, targets) as m (key, source, target)) m
        join drift_states s on s.server_id = server and s.pack_name = m.source
        group by m.target
    ), heirs as (
        select o.*, exists (select from mismatches m where m.server_id = server and m.pack_name = o.target) as wrong
        from origins o)
    update drift_states d
    set state = n.state,
        since = case when d.state = 'drifted' then least(d.since, h.drifted)
                     when n.state = d.state then d.since
                     when n.state = 'drifted' then coalesce(h.drifted, h.since)
                     else h.since end,
        last_checked_at = case when n.state = 'unknown' then d.last_checked_at
                               else coalesce(d.last_checked_at, h.last_checked_at) end
    from heirs h
    join drift_states o on o.server_id = server and o.pack_name = h.target
    cross join lateral (
        select case when h.wrong then 'drifted'
                    when h.known and o.unverified || o.unverified_contents = '{}' then 'compliant'
                    else o.state end as state) n
    where d.server_id = server and d.pack_name = h.target;

    delete from mismatches x
    using unnest(keys, sources) as m (key, source)
    where x.server_id = server and x.pack_name = m.source and x.item_key = m.key;
    delete from unreadables u
    using unnest(keys, sources) as m (key, source)
    where u.server_id = server and u.pack_name = m.source and u.item_key = m.key;
    update drift_states d
    set item_count = greatest(d.item_count, cardinality(p.item_keys)),
        unreadable_count = (select count(*) from unreadables u where u.server_id = server and u.pack_name = d.pack_name)
    from packs p
    where d.server_id = server and d.pack_name = any(sources || targets) and p.pack_name = d.pack_name;
end
$$;
comment on function move_memory(text, text[], text[], text[]) is
    'Moves what is known about items from one pack of a server to another that expects the same.';

-- A part of move_memory, called before it changes what has been read. A mismatch has never been right only if that is so in
-- every pack that could tell: in each source and in the target, if it has read the item (for wrong_content, missing_line and unexpected_line: its content).
create or replace function move_never_compliant(server text, keys text[], sources text[], targets text[]) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    with moves as (
        select * from unnest(keys, sources, targets) as m (key, source, target)
    ), holders as (
        select distinct m.key, m.target, d.pack_name, d.unverified, d.unverified_contents, d.never_compliant -> m.key as types
        from moves m
        join drift_states d on d.server_id = server and d.pack_name in (m.source, m.target)
        where m.key <> all(d.unverified)
    ), never as (
        select h.key, h.target, t.type
        from holders h cross join lateral jsonb_array_elements_text(h.types) as t (type)
        group by h.key, h.target, t.type
        having count(*) = (
            select count(*) from holders o
            where o.key = h.key and o.target = h.target and (t.type not in ('wrong_content', 'missing_line', 'unexpected_line') or o.key <> all(o.unverified_contents)))
    ), heirs as (
        select n.target, jsonb_object_agg(n.key, n.types) as types
        from (select target, key, jsonb_agg(type order by type) as types from never group by target, key) n
        group by n.target)
    update drift_states d
    set never_compliant = d.never_compliant - array(
            select m.key from moves m where d.pack_name in (m.source, m.target))
        || coalesce((select h.types from heirs h where h.target = d.pack_name), '{}')
    where d.server_id = server and d.pack_name = any(sources || targets)
$$;
comment on function move_never_compliant(text, text[], text[], text[]) is
    'Moves which mismatches have never been right from one pack of a server to another.';

-- The link changes to the page of the new pack, because the alert's check belongs to the old one.
create or replace function move_alert(alert bigint, source text, pack text, actor text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    before constant integer := (select a.mismatch_count from alerts a where a.alert_id = alert);
    wrong integer;
begin
    update alerts a set pack_name = pack where a.alert_id = alert;
    wrong := wrong_items(alert);
    update alerts a
    set mismatch_count = wrong, message = drift_message(a.server_id, pack, wrong), diff_path = pack_path(a.server_id, pack)
    where a.alert_id = alert;
    perform owe_notification(alert, add_alert_event(alert, 'moved', actor, jsonb_build_object(
        'from', source, 'to', pack, 'mismatch_count', wrong, 'previous_count', before)), 'alert_refreshed', '{}');
end
$$;
comment on function move_alert(bigint, text, text, text) is 'Moves an alert to the pack that its items moved to, and says nothing.';

create or replace function pack_path(server text, pack text) returns text
language sql immutable
as $$ select '/servers/' || server || '/packs/' || pack $$;
comment on function pack_path(text, text) is 'The path of the page with what is known about a pack on a server.';

-- For an alert of which some items moved to a pack without an alert. The new alert is acknowledged if the old one is, and
-- people are notified about it.
create or replace function split_alert(alert bigint, source text, pack text, actor text) returns bigint
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    origin alerts;
    wrong integer;
    items jsonb;
    part bigint;
    seq integer;
begin
    select * into strict origin from alerts a where a.alert_id = alert;
    select count(distinct m.item_key),
           (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'type', f.type, 'item', f.item, 'cause',
                jsonb_build_object('kind', f.cause) || f.cause_detail)) order by f.item_key, f.type)
            from (select * from mismatches f where f.server_id = origin.server_id and f.pack_name = pack
                  order by f.item_key, f.type limit 10) f)
    into wrong, items
    from mismatches m where m.server_id = origin.server_id and m.pack_name = pack;
    insert into alerts (server_id, pack_name, title, message, mismatch_count, diff_path, check_id, opened_at, updated_at)
    values (origin.server_id, pack, origin.title, drift_message(origin.server_id, pack, wrong), wrong, pack_path(origin.server_id, pack),
            origin.check_id, clock(), clock())
    returning alert_id into strict part;
    seq := add_alert_event(part, 'opened', actor, jsonb_build_object(
        'mismatch_count', wrong, 'items', items, 'from', source, 'from_alert', alert));
    if origin.status = 'acknowledged' then
        update alerts a
        set status = 'acknowledged', acknowledged_at = origin.acknowledged_at, acknowledged_by = origin.acknowledged_by,
            acknowledged_until = origin.acknowledged_until
        where a.alert_id = part;
        perform add_alert_event(part, 'acknowledged', origin.acknowledged_by, jsonb_build_object('from_alert', alert));
    end if;
    perform owe_notification(part, seq, 'drift_detected', jsonb_build_object('items', items, 'added_count', wrong),
        (select hash_of(o.group_key, source, pack) from outbox o
         where o.alert_id = alert and o.group_key is not null order by o.seq limit 1));
    return part;
end
$$;
comment on function split_alert(bigint, text, text, text) is 'Opens an alert in another pack for the items of an alert that moved there.';
