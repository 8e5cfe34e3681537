-- How alerts change. The caller holds the lock on the drift state's row, then on the alert's; of an alert without a pack, on the
-- server's row (f22_failing.sql).

-- The detail of an event that a check caused names the check, and that of an event in a hold or a silence says so.
create or replace function add_alert_event(alert bigint, event text, actor text, detail jsonb) returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    held alerts;
begin
    update alerts a set last_seq = a.last_seq + 1, updated_at = clock()
    where a.alert_id = alert returning * into strict held;
    if event in ('opened', 'updated', 'recounted') and held.check_id is not null then
        detail := detail || jsonb_build_object('check_id', held.check_id);
    end if;
    insert into alert_events (alert_id, seq, event, at, actor, detail)
    values (alert, held.last_seq, event, clock(), actor,
            detail || jsonb_strip_nulls(jsonb_build_object('muted_by', muted_by(held.server_id, held.pack_name))));
    return held.last_seq;
end
$$;
comment on function add_alert_event(bigint, text, text, jsonb) is 'Adds the next event to an alert''s history, and returns its number.';

-- detail is merged into the payload, which holds the facts that every message needs. group_key is as in outbox. check_no is
-- the check that caused it; null if a person did.
create or replace function owe_notification(
    alert bigint, seq integer, kind text, detail jsonb, group_key text default null, check_no bigint default null
) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
begin
    insert into outbox (
        alert_id, seq, destination, kind, payload, not_before, group_key, schedule_name, slot_at, created_at)
    select a.alert_id, owe_notification.seq, d.destination, owe_notification.kind,
           jsonb_build_object(
               'version', 1, 'kind', owe_notification.kind, 'alert_id', a.alert_id, 'server_id', a.server_id,
               'server_name', s.display_name, 'pack_name', a.pack_name, 'mismatch_count', a.mismatch_count,
               'difference_count', case when a.alert_type = 'config_drift' then wrong.differences end,
               'never_compliant_count', case when a.alert_type = 'config_drift' then wrong.never_compliant end,
               'items', '[]'::jsonb, 'diff_path', a.diff_path, 'check_id', a.check_id,
               'opened_at', rfc3339(a.opened_at), 'occurred_at', rfc3339(clock()), 'labels', s.labels,
               'group_key', owe_notification.group_key,
               'time_zone', schedule_zone(),
               'status', a.status, 'alert_type', a.alert_type, 'acknowledged_by', a.acknowledged_by,
               'acknowledged_at', rfc3339(a.acknowledged_at), 'acknowledged_until', rfc3339(a.acknowledged_until),
               'resolved_at', rfc3339(a.resolved_at),
               'wrong_items', case when edits_messages(d.kind) then items_to_show(a.alert_id) end) || detail,
           clock() + wait_for_company(d.destination, owe_notification.kind, check_no),
           owe_notification.group_key, c.schedule_name, c.slot_at, clock()
    from alerts a
    join servers s on s.server_id = a.server_id
    join destinations d on takes_alert(d, a.alert_id)
        -- Who heard that it flaps hears of the end, though perhaps not of the last alert.
        or owe_notification.kind = 'drift_settled' and exists (
            select from outbox f join alerts told on told.alert_id = f.alert_id
            where f.destination = d.destination and f.kind = 'drift_flapping'
              and told.server_id = a.server_id and told.pack_name = a.pack_name)
    cross join wrong_now(a.server_id, a.pack_name) wrong
    left join checks c on c.check_id = check_no
    where a.alert_id = alert and (edits_messages(d.kind) or not is_only_an_edit(owe_notification.kind))
      and not (owe_notification.kind in ('drift_detected', 'drift_changed', 'drift_resolved')
               and coalesce(detail ->> 'actor', 'driftwatch') = 'driftwatch'
               and is_only_flapping(a, owe_notification.kind, detail -> 'items'))
    order by d.destination;
    perform pg_notify('driftwatch_outbox', '');
end
$$;
comment on function owe_notification(bigint, integer, text, jsonb, text, bigint) is 'Queues a message about an event for every destination that takes the alert and has a use for it.';

-- An alert's history is kept for long, and a check has the values.
create or replace function names_of(items jsonb) returns jsonb
language sql immutable
as $$
    select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'type', i -> 'type', 'item', i -> 'item', 'cause', i -> 'cause'))), '[]')
    from jsonb_array_elements(items) i
$$;
comment on function names_of(jsonb) is 'What a message names, without values: [{"type", "item", "cause"}].';

-- items: the new mismatches of the first ten items, as the payload of a message has them. added_items: the number of all new
-- items. change: what changed, as a hash.
create or replace function open_alert(
    server text, pack text, check_no bigint, wrong_items integer, items jsonb, added_items integer default null,
    change text default null
) returns bigint
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    id bigint;
    seq integer;
begin
    insert into alerts (server_id, pack_name, title, message, mismatch_count, diff_path, check_id, opened_at, updated_at)
    select server, pack, 'Configuration drift on ' || s.display_name, drift_message(server, pack, wrong_items), wrong_items,
           diff_path(server, pack, check_no), check_no, clock(), clock()
    from servers s where s.server_id = server
    returning alert_id into strict id;
    seq := add_alert_event(id, 'opened', 'driftwatch', jsonb_strip_nulls(jsonb_build_object(
        'mismatch_count', wrong_items, 'items', names_of(items), 'change', change)));
    perform owe_notification(id, seq, 'drift_detected', jsonb_build_object('items', items, 'added_count', added_items),
        change, check_no);
    return id;
end
$$;
comment on function open_alert(text, text, bigint, integer, jsonb, integer, text) is 'Opens a config_drift alert and queues drift_detected.';

-- Counts the differences that are known, and the wrong items that have never been right.
create or replace function wrong_now(server text, pack text, out differences integer, out never_compliant integer)
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select coalesce(sum(item.differences), 0)::integer, (count(*) filter (where item.never_compliant))::integer
    from (select count(*) as differences,
                 bool_and(coalesce(d.never_compliant -> m.item_key ? m.type, false)) as never_compliant
          from mismatches m
          join drift_states d on d.server_id = m.server_id and d.pack_name = m.pack_name
          where m.server_id = server and m.pack_name = pack group by m.item_key) item
$$;
comment on function wrong_now(text, text) is
    'How many differences are known for a server and pack, and how many wrong items have never been right.';

create or replace function count_of_items(items integer) returns text
language sql immutable
as $$ select items || case items when 1 then ' item' else ' items' end $$;
comment on function count_of_items(integer) is '1 item, 2 items.';

-- Items that have never been right are counted separately: they did not drift.
create or replace function drift_message(server text, pack text, wrong_items integer) returns text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select case when lapsed > 0 then count_of_items(lapsed) || ' no longer compliant with ' || pack
                    || case never when 0 then '' when 1 then ', 1 more never was' else ', ' || never || ' more never were' end
                else count_of_items(never) || ' never compliant with ' || pack end
    from (select w.never_compliant as never, wrong_items - w.never_compliant as lapsed from wrong_now(server, pack) w) counts
$$;
comment on function drift_message(text, text, integer) is 'The message of a config_drift alert.';

create or replace function diff_path(server text, pack text, check_no bigint) returns text
language sql immutable
as $$ select '/servers/' || server || '/packs/' || pack || '?check=' || check_no $$;
comment on function diff_path(text, text, bigint) is 'The path of the page with a check''s differences.';

-- For new mismatches. People are notified. Whoever acknowledged the alert did not know of them, so it is open again.
create or replace function update_alert(
    alert bigint, check_no bigint, wrong_items integer, items jsonb, added_items integer default null,
    change text default null
) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    before alerts;
    seq integer;
    ended jsonb := '{}';
begin
    select * into strict before from alerts a where a.alert_id = alert;
    perform recount(alert, check_no, wrong_items);
    if before.status = 'acknowledged' then
        perform reopen_alert(alert);
        ended := jsonb_build_object('acknowledged_by', before.acknowledged_by);
    end if;
    seq := add_alert_event(alert, 'updated', 'driftwatch', jsonb_build_object(
        'mismatch_count', wrong_items, 'previous_count', before.mismatch_count, 'items', names_of(items)) || ended);
    perform owe_notification(alert, seq, 'drift_changed', jsonb_build_object(
        'previous_count', before.mismatch_count, 'items', items, 'added_count', added_items) || ended, change, check_no);
end
$$;
comment on function update_alert(bigint, bigint, integer, jsonb, integer, text) is
    'Adds items to an alert and queues drift_changed. An acknowledged alert is open again.';

-- The caller holds the locks, and adds the event.
create or replace function reopen_alert(alert bigint) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update alerts a
    set status = 'open', acknowledged_at = null, acknowledged_by = null, acknowledged_until = null
    where a.alert_id = alert
$$;
comment on function reopen_alert(bigint) is 'Ends the acknowledgement of an alert.';

create or replace function end_acknowledgements() returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    id bigint;
    held alerts;
    ended integer := 0;
begin
    for id in
        select a.alert_id from alerts a
        where a.status = 'acknowledged' and a.acknowledged_until <= (select clock())
        order by a.server_id, a.pack_name
        limit 500
    loop
        held := lock_alert(id);
        if held.status = 'acknowledged' and held.acknowledged_until <= clock() then
            perform reopen_alert(id);
            perform owe_notification(id, add_alert_event(id, 'reopened', 'driftwatch', jsonb_build_object(
                'acknowledged_by', held.acknowledged_by, 'until', rfc3339(held.acknowledged_until))), 'alert_refreshed', '{}');
            ended := ended + 1;
        end if;
    end loop;
    return ended;
end
$$;
comment on function end_acknowledgements() is 'Opens alerts again whose acknowledgement has ended by its time.';

create or replace function recount(alert bigint, check_no bigint, wrong_items integer) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update alerts a
    set mismatch_count = wrong_items, check_id = check_no, message = drift_message(a.server_id, a.pack_name, wrong_items),
        diff_path = diff_path(a.server_id, a.pack_name, check_no)
    where a.alert_id = alert
$$;
comment on function recount(bigint, bigint, integer) is 'Updates an alert''s count, message and link.';

-- For a change of the count alone. Nobody is notified; a message that shows the alert is edited.
create or replace function recount_alert(alert bigint, check_no bigint, wrong_items integer) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    before integer;
begin
    select a.mismatch_count into strict before from alerts a where a.alert_id = alert;
    perform recount(alert, check_no, wrong_items);
    perform owe_notification(alert, add_alert_event(alert, 'recounted', 'driftwatch', jsonb_build_object(
        'mismatch_count', wrong_items, 'previous_count', before)), 'alert_refreshed', '{}');
end
$$;
comment on function recount_alert(bigint, bigint, integer) is 'Updates an alert''s count, and says nothing.';

-- People are notified about every resolution. If it is compliant, the message also says how many items were read, and goes
-- together with those of alerts that one change opened; else with those that the same person closed for the same reason. Of a
-- server that could not be checked, it says why that was.
create or replace function close_alert(alert bigint, how text, who text, comment text default null) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    seq integer;
    closed alerts;
    seen jsonb := '{}';
    failing jsonb;
    check_no bigint;
    group_key text := hash_of(how, who, comment);
begin
    update alerts a set status = 'resolved', resolved_at = clock(), resolved_by = who, resolution = how
    where a.alert_id = alert and a.status <> 'resolved'
    returning * into closed;
    if not found then
        return;
    end if;
    if how in ('compliant', 'waived', 'due') then
        select jsonb_build_object('item_count', d.item_count, 'unreadable_count', d.unreadable_count,
                                  'waived_count', d.waived_count, 'due_count', d.due_count), d.last_check_id,
               (select o.group_key from outbox o where o.alert_id = alert order by o.seq limit 1)
        into strict seen, check_no, group_key
        from alerts a join drift_states d on d.server_id = a.server_id and d.pack_name = a.pack_name
        where a.alert_id = alert;
    end if;
    if how = 'waived' then
        comment := (
            select string_agg(distinct w.author || ': ' || w.reason, '; ') from waived_items w
            where w.server_id = closed.server_id and w.pack_name = closed.pack_name);
    end if;
    failing := last_failing(alert);
    seq := add_alert_event(alert, 'resolved', who,
        jsonb_strip_nulls(jsonb_build_object('resolution', how, 'comment', comment)) || seen);
    perform owe_notification(
        alert, seq,
        case when closed.alert_type = 'config_drift' then 'drift_resolved' when closed.pack_name is null then 'check_recovered'
             else 'items_readable' end,
        jsonb_build_object('resolution', how, 'actor', who, 'comment', comment) || seen
        || case closed.alert_type when 'config_drift' then jsonb_build_object('items', items_to_show(alert)) else '{}' end
        || case when failing is null then '{}' else jsonb_build_object('failing', failing) end,
        case closed.alert_type when 'config_drift' then group_key end,
        case closed.alert_type when 'config_drift' then check_no end);
end
$$;
comment on function close_alert(bigint, text, text, text) is 'Resolves an alert and queues its last message. Does nothing if it is already resolved.';

-- pack null: the server as a whole, and all packs. What has never been read or never been right stays recorded. So an item
-- that is still wrong at the next check opens an alert again, and one that never complied is not said to have drifted.
create or replace function stop_watching(server text, pack text, how text, who text, why text default null) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    live bigint;
begin
    perform from drift_states d
    where d.server_id = server and (pack is null or d.pack_name = pack)
    order by d.pack_name for update;
    for live in
        select a.alert_id from alerts a
        where a.server_id = server and (pack is null or a.pack_name = pack) and a.status <> 'resolved'
        order by a.alert_id
    loop
        perform close_alert(live, how, who, why);
    end loop;
    update drift_states d set flapping_since = null, equal_checks = null, settled_at = clock()
    where d.server_id = server and (pack is null or d.pack_name = pack) and d.flapping_since is not null;
    delete from mismatches m where m.server_id = server and (pack is null or m.pack_name = pack);
    delete from unreadables u where u.server_id = server and (pack is null or u.pack_name = pack);
    update drift_states d set state = 'unknown', since = clock(), item_count = 0, unreadable_count = 0,
        waived_count = 0, due_count = 0
    where d.server_id = server and (pack is null or d.pack_name = pack) and (d.state <> 'unknown' or d.unreadable_count > 0 or d.waived_count > 0 or d.due_count > 0);
    if pack is null then
        update servers s set failing_slots = 0, failing_alerted = false
        where s.server_id = server and s.failing_slots > 0;
    end if;
end
$$;
comment on function stop_watching(text, text, text, text, text) is
    'Resolves the alerts of a server, or of one of its packs, as disabled, unassigned or removed, and deletes its mismatches and unreadable items.';
