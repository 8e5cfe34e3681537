-- Alerts about what cannot be checked: a server that slots cannot look at (its alert has no pack), and items of a pack that
-- could be read before and no longer can be: they went dark.
--
-- Only the checks of slots count towards an alert. Any look that succeeds ends the streak of a server, and any reading that
-- of an item. A server that cannot be looked at has no new reading, so its items neither go dark nor come back meanwhile.
--
-- The lock on the server's row is the lock on the alert without a pack: its holder may change it before any drift state. An
-- alert with a pack follows the lock on the drift state, as all do.

create or replace function failed_long_enough(slots integer, threshold integer) returns boolean
language sql immutable
as $$ select threshold > 0 and slots >= threshold $$;
comment on function failed_long_enough(integer, integer) is
    'Whether as many slots in a row have failed as the threshold asks for; threshold 0: never.';

-- The whole decision, for a server and for the items of a pack. due: what has failed for long enough. fresh: the part of it
-- that no alert has named. live: whether an alert is unresolved. named: what that alert counts.
--
--                       | no live alert | live alert
--   nothing due         | keep          | close
--   due, some of it new | open          | update
--   due, nothing new    | keep          | recount if the count changed, otherwise keep
--
-- What an alert has named stays named when an operator resolves the alert: nobody is told twice of one streak.
create or replace function failing_step(due integer, fresh integer, live boolean, named integer) returns text
language sql immutable
as $$
    select case
        when due = 0 then case when live then 'close' else 'keep' end
        when fresh > 0 then case when live then 'update' else 'open' end
        when live and due <> named then 'recount'
        else 'keep'
    end
$$;
comment on function failing_step(integer, integer, boolean, integer) is
    'What becomes of an alert about what cannot be checked: open, update, recount, close or keep.';

-- What ssh said comes from the network: it is cut here, and shown as text only.
create or replace function failing_facts(server text, job bigint) returns jsonb
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'reason', s.failing_reason, 'detail', left(s.failing_detail, 300), 'jump_host', left(s.failing_jump_host, 100),
        'address', s.address, 'since', rfc3339(s.failing_since), 'slots', s.failing_slots,
        'worker_host', (select w.host from jobs j join workers w on w.worker_id = j.worker_id where j.job_id = job)))
    from servers s where s.server_id = server
$$;
comment on function failing_facts(text, bigint) is
    'Why a server cannot be checked, since when, after how many slots, and which worker''s host tried, as alerts and messages keep it.';

create or replace function failing_message(failing jsonb) returns text
language sql immutable
as $$
    select 'Cannot be checked since ' || (failing ->> 'since') || ': ' || replace(failing ->> 'reason', '_', ' ')
        || coalesce(' at ' || (failing ->> 'jump_host'), '') || coalesce(': ' || (failing ->> 'detail'), '')
$$;
comment on function failing_message(jsonb) is 'The message of an alert about a server that cannot be checked.';

-- Servers behind one address, jump host or network, and all that one worker cannot reach, fail together within the minute. So
-- what a slot finds waits until 30 seconds after the first of its kind, and goes out with all that has the same cause: the same
-- reason at the same jump host, or the same items of the same pack. What a person asked for waits for nothing.
create or replace function keep_company(alert bigint, cause text, place text, job bigint) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    key constant text := hash_of(cause, place);
    is_of_slot constant boolean := exists (select from jobs j where j.job_id = job and j.slot_at is not null);
begin
    update outbox o
    set group_key = key,
        not_before = case when is_of_slot then coalesce((
            select min(first.not_before) from outbox first
            where first.destination = o.destination and first.group_key = key and first.kind = o.kind
              and first.state = 'pending' and not first.tried and first.not_before > now), now + interval '30 seconds')
            else o.not_before end
    from alerts a
    where a.alert_id = alert and o.alert_id = a.alert_id and o.seq = a.last_seq and o.state = 'pending';
end
$$;
comment on function keep_company(bigint, text, text, bigint) is
    'Lets the newest notification of an alert go out together with others that have the same cause.';

-- how: the resolution if the alert ends. job: the one that looked, if any. The caller holds the server's row.
create or replace function settle_failing(server text, how text, who text, job bigint default null) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    held servers;
    live bigint;
    due integer;
    failing jsonb;
    seq integer;
begin
    select * into strict held from servers s where s.server_id = server;
    select a.alert_id into live from alerts a
    where a.server_id = server and a.pack_name is null and a.status <> 'resolved';
    due := (held.expect = 'always' and failed_long_enough(held.failing_slots, held.failing_after))::integer;
    case failing_step(due, case when held.failing_alerted then 0 else due end, live is not null, due)
    when 'open' then
        failing := failing_facts(server, job);
        update servers s set failing_alerted = true where s.server_id = server;
        insert into alerts (alert_type, server_id, title, message, mismatch_count, diff_path, opened_at, updated_at)
        values ('check_failing', server, 'Cannot check ' || held.display_name, failing_message(failing), 0,
                '/servers/' || server, clock(), clock())
        returning alert_id into strict live;
        seq := add_alert_event(live, 'opened', 'driftwatch', jsonb_build_object('failing', failing));
        perform owe_notification(live, seq, 'check_failing', jsonb_build_object('failing', failing));
        perform keep_company(live, failing ->> 'reason', failing ->> 'jump_host', job);
    when 'close' then
        update servers s set failing_alerted = false where s.server_id = server;
        failing := last_failing(live);
        perform close_alert(live, how, who);
        if how = 'recovered' then
            perform keep_company(live, failing ->> 'reason', failing ->> 'jump_host', job);
        end if;
    else
        -- Another reason is recorded, and nobody is notified: the server still cannot be checked.
        failing := failing_facts(server, job);
        if live is not null and failing ->> 'reason' is distinct from last_failing(live) ->> 'reason' then
            update alerts a set message = failing_message(failing) where a.alert_id = live;
            perform add_alert_event(live, 'updated', 'driftwatch', jsonb_build_object('failing', failing));
        end if;
    end case;
end
$$;
comment on function settle_failing(text, text, text, bigint) is
    'Opens, updates or resolves the alert about a server that slots cannot look at.';

create or replace function last_failing(alert bigint) returns jsonb
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select e.detail -> 'failing' from alert_events e
    where e.alert_id = alert and e.detail ? 'failing' order by e.seq desc limit 1
$$;
comment on function last_failing(bigint) is 'Why the server of an alert cannot be checked, as its history last says.';

-- failure says why a job could not look at the server; null if it could. detail and jump_host: see the columns of servers.
-- job: null if none of a slot looked. The caller holds the lock on the server's row.
create or replace function note_look(
    server text, failure text, detail text default null, jump_host text default null, job bigint default null
) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    counted constant integer := (select count(*) from jobs j where j.job_id = job and j.slot_at is not null);
begin
    update servers s
    set failing_streak = case when failure is null then 0 else s.failing_streak + 1 end,
        failing_since = case when failure is not null then coalesce(s.failing_since, clock()) end,
        failing_reason = failure,
        failing_detail = case when failure is not null then left(detail, 1000) end,
        failing_jump_host = case when failure is not null then jump_host end,
        failing_slots = case when failure is null then 0 else s.failing_slots + counted end,
        failing_alerted = failure is not null and s.failing_alerted
    where s.server_id = server and (failure is not null or s.failing_streak > 0);
    if found then
        perform settle_failing(server, 'recovered', 'driftwatch', job);
    end if;
end
$$;
comment on function note_look(text, text, text, text, bigint) is
    'Ends a server''s failing streak, or adds one to it and records why, and settles the alert about it.';

create or replace function dark_title(server text, pack text, items integer) returns text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select count_of_items(items) || ' of ' || pack || ' can no longer be read on ' || s.display_name
    from servers s where s.server_id = server
$$;
comment on function dark_title(text, text, integer) is 'The title of an alert about items that went dark.';

create or replace function dark_items(server text, pack text) returns setof unreadables
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select u.* from unreadables u join servers s on s.server_id = u.server_id
    where u.server_id = server and u.pack_name = pack and failed_long_enough(u.slots, s.failing_after)
$$;
comment on function dark_items(text, text) is 'The items of a pack that so many slots could not read that an alert names them.';

create or replace function dark_message(server text, pack text) returns text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select 'Not read since ' || rfc3339(min(u.since)) || ': '
        || string_agg(u.item || ' (' || replace(u.reason, '_', ' ') || ')', ', ' order by u.item_key) filter (where u.place <= 10)
        || case when count(*) > 10 then ' and ' || count(*) - 10 || ' more' else '' end
    from (select d.*, row_number() over (order by d.item_key) as place from dark_items(server, pack) d) u
$$;
comment on function dark_message(text, text) is 'The message of an alert about items that went dark: the first ten, and why they cannot be read.';

-- how: the resolution if the alert ends. The caller holds the lock on the drift state's row.
create or replace function settle_dark(server text, pack text, how text, who text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    live alerts;
    due integer;
    fresh integer;
    items jsonb;
    cause text;
    step text;
    seq integer;
    job bigint;
begin
    select * into live from alerts a
    where a.server_id = server and a.pack_name = pack and a.alert_type = 'check_failing' and a.status <> 'resolved';
    select count(*), count(*) filter (where not d.alerted) into due, fresh from dark_items(server, pack) d;
    step := failing_step(due, fresh, live.alert_id is not null, live.mismatch_count);
    if step = 'keep' then
        return;
    end if;
    select c.job_id into job from drift_states d join checks c on c.check_id = d.last_check_id
    where d.server_id = server and d.pack_name = pack;
    if step = 'close' then
        update unreadables u set alerted = false where u.server_id = server and u.pack_name = pack;
        perform close_alert(live.alert_id, how, who);
        if how = 'recovered' then
            perform keep_company(live.alert_id, pack, null, job);
        end if;
        return;
    end if;
    select jsonb_agg(jsonb_build_object('type', f.reason, 'item', f.item) order by f.item_key),
           string_agg(concat(f.reason, ' ', f.item_key), e'\x1f' order by f.item_key) into items, cause
    from (select * from dark_items(server, pack) d where not d.alerted order by d.item_key limit 10) f;
    update unreadables u set alerted = true
    where u.server_id = server and u.pack_name = pack
      and u.item_key in (select d.item_key from dark_items(server, pack) d);
    if step = 'open' then
        insert into alerts (alert_type, server_id, pack_name, title, message, mismatch_count, diff_path, check_id, opened_at, updated_at)
        select 'check_failing', server, pack, dark_title(server, pack, due), dark_message(server, pack), due,
               coalesce(diff_path(server, pack, d.last_check_id), pack_path(server, pack)), d.last_check_id, clock(), clock()
        from drift_states d where d.server_id = server and d.pack_name = pack
        returning * into strict live;
    else
        update alerts a
        set title = dark_title(server, pack, due), message = dark_message(server, pack), mismatch_count = due,
            check_id = d.last_check_id, diff_path = coalesce(diff_path(server, pack, d.last_check_id), a.diff_path)
        from drift_states d
        where a.alert_id = live.alert_id and d.server_id = server and d.pack_name = pack;
    end if;
    seq := add_alert_event(
        live.alert_id, case step when 'open' then 'opened' when 'update' then 'updated' else 'recounted' end, 'driftwatch',
        jsonb_build_object('mismatch_count', due)
        || case when step = 'open' then '{}' else jsonb_build_object('previous_count', live.mismatch_count) end
        || case when step = 'recount' then '{}' else jsonb_build_object('items', items) end);
    if step <> 'recount' then
        perform owe_notification(live.alert_id, seq, 'items_unreadable', jsonb_build_object(
            'items', items, 'added_count', fresh, 'failing', (
                select jsonb_build_object('since', rfc3339(min(d.since)), 'slots', max(d.slots))
                from dark_items(server, pack) d)));
        perform keep_company(live.alert_id, pack, cause, job);
    end if;
end
$$;
comment on function settle_dark(text, text, text, text) is
    'Opens, updates or resolves the alert about the items of a pack that could be read before and no longer can be.';

-- After an apply that changed failing_after or expect. The caller holds the server's row.
create or replace function settle_checking(server text, who text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    pack text;
begin
    perform settle_failing(server, 'settings', who);
    for pack in
        select d.pack_name from drift_states d where d.server_id = server order by d.pack_name for update
    loop
        perform settle_dark(server, pack, 'settings', who);
    end loop;
end
$$;
comment on function settle_checking(text, text) is
    'Settles the alerts about what cannot be checked on a server whose settings for them changed.';
