-- Mutes. While a hold or a silence is in force, the alerts that it covers open, change and resolve in the tables and on the
-- pages, and their messages wait in the outbox. At the end of a window the servers are looked at once more, and then what
-- waited is sent. The view muted_servers decides what is muted. Who locks a mute and servers locks the mute first.

create or replace function mute_covers(mute_server text, mute_labels jsonb, server text, server_labels jsonb) returns boolean
language sql immutable
as $$ select (mute_server is null or mute_server = server) and server_labels @> mute_labels $$;
comment on function mute_covers(text, jsonb, text, jsonb) is 'Whether a mute of this server, or of servers with these labels, covers a server.';

create or replace function awaits_look(wanted_at timestamptz, started_at timestamptz, closed_at timestamptz) returns boolean
language sql immutable
as $$ select wanted_at is not null and coalesce(started_at < closed_at, true) $$;
comment on function awaits_look(timestamptz, timestamptz, timestamptz) is
    'Whether an assignment still waits for the look after a window: one is wanted, and the last attempt started before the window closed.';

-- pack null: about the server as a whole.
create or replace function muted_by(server text, pack text) returns text
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
begin
    return (
        select m.muted_by from muted_servers m
        where m.server_id = server and (m.pack_name is null or m.pack_name = pack)
        order by m.until_at desc nulls last, m.muted_by limit 1);
end
$$;
comment on function muted_by(text, text) is
    'Why messages about a server and pack wait now, in words: the mute that lasts longest; null if they do not.';

create or replace function add_mute(wanted mutes, actor text) returns bigint
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    id bigint;
    selector constant jsonb := jsonb_strip_nulls(jsonb_build_object(
        'server', wanted.server_id, 'labels', nullif(wanted.labels, '{}'), 'pack', wanted.pack_name));
begin
    if coalesce(btrim(wanted.reason), '') = '' then
        perform refuse(format('a %s needs a reason', wanted.kind), 'give a reason, for the next person who wonders');
    elsif selector = '{}' then
        perform refuse(format('a %s needs a server, a label or a pack', wanted.kind), 'name what it covers');
    elsif wanted.cron is null and not coalesce(isfinite(wanted.ends_at), false) then
        perform refuse(format('a %s needs an end', wanted.kind), 'say until when');
    elsif length(wanted.reason) > 300 or wanted.reason ~ '[[:cntrl:]]' then
        perform refuse('the reason is not one line of 300 characters at most', 'say it shorter');
    elsif not isfinite(wanted.starts_at) then
        perform refuse(format('a %s needs a start', wanted.kind), 'give a time, or none for now');
    elsif wanted.ends_at <= clock() then
        perform refuse(format('%s is in the past', wanted.ends_at), 'give a later time');
    elsif wanted.ends_at <= wanted.starts_at then
        perform refuse('it would end before it starts', 'give a later end');
    elsif wanted.cron is not null and coalesce(wanted.lasts <= interval '0', true) then
        perform refuse('a recurring silence needs a length', 'say for how long');
    elsif jsonb_typeof(wanted.labels) <> 'object' or wanted.labels @? '$.* ? (@.type() != "string")' then
        perform refuse('labels are a map of texts', 'such as {"role": "web"}');
    elsif not exists (
        select from assignments a join servers s on s.server_id = a.server_id
        where mute_covers(wanted.server_id, wanted.labels, s.server_id, s.labels)
          and (wanted.pack_name is null or a.pack_name = wanted.pack_name)) then
        perform refuse(
            'no server that is checked fits ' || concat_ws(' and ', 'server ' || wanted.server_id, (
                select string_agg(format('label %s=%s', l.key, l.value), ' and ' order by l.key)
                from jsonb_each_text(wanted.labels) l), 'pack ' || wanted.pack_name),
            'driftwatch servers list --json shows servers, labels and packs');
    end if;
    insert into mutes (kind, server_id, labels, pack_name, reason, created_by, created_at, cron, lasts, starts_at, ends_at)
    values (wanted.kind, wanted.server_id, wanted.labels, wanted.pack_name, wanted.reason, actor, clock(), wanted.cron,
            wanted.lasts, wanted.starts_at, wanted.ends_at)
    returning mute_id into strict id;
    perform write_audit(actor, 'add_' || wanted.kind, wanted.kind || ' ' || id, jsonb_strip_nulls(jsonb_build_object(
        'reason', wanted.reason, 'covers', selector, 'cron', wanted.cron, 'lasts', wanted.lasts,
        'from', wanted.starts_at, 'until', wanted.ends_at)));
    return id;
end
$$;
comment on function add_mute(mutes, text) is 'Stores a hold or a silence that makes sense, and returns its id. Refuses any other.';

create or replace function hold_alerts(
    until timestamptz, reason text, labels jsonb default '{}', server_id text default null, pack_name text default null,
    actor text default session_user
) returns bigint
language sql security definer set search_path = driftwatch, pg_temp
as $$
    select add_mute(
        jsonb_populate_record(null::mutes, jsonb_build_object(
            'kind', 'hold', 'server_id', server_id, 'labels', coalesce(labels, '{}'), 'pack_name', pack_name,
            'reason', reason, 'starts_at', clock(), 'ends_at', until)),
        acting_as(actor))
$$;
comment on function hold_alerts(timestamptz, text, jsonb, text, text, text) is
    'Holds the messages about servers, for a deploy, and returns the hold. They are still checked. At its end they are looked at once more, and what waited is sent.';

create or replace function silence_alerts(
    until timestamptz, reason text, labels jsonb default '{}', server_id text default null, pack_name text default null,
    starts timestamptz default null, actor text default session_user
) returns bigint
language sql security definer set search_path = driftwatch, pg_temp
as $$
    select add_mute(
        jsonb_populate_record(null::mutes, jsonb_build_object(
            'kind', 'silence', 'server_id', server_id, 'labels', coalesce(labels, '{}'), 'pack_name', pack_name,
            'reason', reason, 'starts_at', coalesce(starts, clock()), 'ends_at', until)),
        acting_as(actor))
$$;
comment on function silence_alerts(timestamptz, text, jsonb, text, text, timestamptz, text) is
    'Silences the messages about servers in one maintenance window, and returns the silence.';

create or replace function silence_alerts_again(
    cron text, lasts interval, reason text, labels jsonb default '{}', server_id text default null,
    pack_name text default null, actor text default session_user
) returns bigint
language sql security definer set search_path = driftwatch, pg_temp
as $$
    select add_mute(
        jsonb_populate_record(null::mutes, jsonb_build_object(
            'kind', 'silence', 'server_id', server_id, 'labels', coalesce(labels, '{}'), 'pack_name', pack_name,
            'reason', reason, 'cron', cron, 'lasts', lasts)),
        acting_as(actor))
$$;
comment on function silence_alerts_again(text, interval, text, jsonb, text, text, text) is
    'Silences the messages about servers in every window of a cron expression, and returns the silence. A scheduler computes the windows within seconds.';

-- The caller holds the lock on the mute's row. After a hold every server is looked at. After a silence, which may cover the
-- fleet every week, those are that have a message waiting.
create or replace function close_window(mute bigint) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    now constant timestamptz := clock();
    closing mutes;
    waiting bigint[];
    among text[];
begin
    update mutes m set closed_at = now where m.mute_id = mute returning * into strict closing;
    waiting := array(
        select o.outbox_id from outbox o
        join alerts a on a.alert_id = o.alert_id
        join servers s on s.server_id = a.server_id
        where o.state = 'pending' and mute_covers(closing.server_id, closing.labels, s.server_id, s.labels)
          and (closing.pack_name is null or a.pack_name = closing.pack_name));
    among := array(
        select s.server_id from servers s
        join eligible_servers e on e.server_id = s.server_id
        where mute_covers(closing.server_id, closing.labels, s.server_id, s.labels)
          and (closing.kind = 'hold' or exists (
              select from outbox o join alerts a on a.alert_id = o.alert_id
              where o.outbox_id = any(waiting) and a.server_id = s.server_id)));
    perform from servers s where s.server_id = any(among) order by s.server_id for no key update;
    perform want_look(server) from unnest(among) server;
    update outbox o set muted_until = now where o.outbox_id = any(waiting);
end
$$;
comment on function close_window(bigint) is 'Ends the window of a mute: asks for a check of its servers, and notes with its messages that they have waited for it until now.';

create or replace function end_mute(kind text, mute_id bigint, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    held mutes;
begin
    actor := acting_as(actor);
    select * into held from mutes m where m.mute_id = end_mute.mute_id and m.kind = end_mute.kind for update;
    if not found then
        perform refuse(format('there is no %s %s', kind, mute_id), format('driftwatch %s list shows those that have not ended', kind));
    elsif held.ended_at is not null then
        perform refuse(format('%s %s has ended already', kind, mute_id));
    end if;
    if held.starts_at <= clock() and coalesce(held.closed_at < held.ends_at, true) then
        perform close_window(mute_id);
    end if;
    update mutes m set ended_at = clock() where m.mute_id = end_mute.mute_id;
    perform write_audit(actor, 'end_' || kind, kind || ' ' || mute_id, jsonb_build_object('reason', held.reason));
end
$$;
comment on function end_mute(text, bigint, text) is 'Ends a hold or a silence before its time, a recurring silence for good.';

create or replace function close_windows() returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    over mutes;
    closed integer := 0;
begin
    for over in
        select m.* from mutes m
        where m.ended_at is null and m.ends_at <= clock() and coalesce(m.closed_at < m.ends_at, true)
        order by m.mute_id
        for update skip locked
    loop
        perform close_window(over.mute_id);
        if over.cron is null then
            update mutes m set ended_at = clock() where m.mute_id = over.mute_id;
            perform write_audit('driftwatch', 'end_' || over.kind, over.kind || ' ' || over.mute_id,
                jsonb_build_object('reason', over.reason, 'until', over.ends_at));
        end if;
        closed := closed + 1;
    end loop;
    delete from mutes m where m.ended_at < clock() - interval '15 minutes';
    return closed;
end
$$;
comment on function close_windows() is
    'Ends the windows whose time has passed, and deletes mutes that ended more than 15 minutes ago.';

-- A window that has not started is computed anew if the schedule has moved to another zone.
create or replace function lock_unplanned_silences()
returns table (mute_id bigint, cron text, lasts interval, time_zone text, now timestamptz)
language sql volatile security definer set search_path = driftwatch, pg_temp
as $$
    select m.mute_id, m.cron, m.lasts, s.time_zone, clock()
    from mutes m
    join schedules s on s.schedule_name = 'default'
    where m.cron is not null and m.ended_at is null and m.problem is null
      and (m.starts_at is null or m.closed_at >= m.ends_at
           or (m.starts_at > clock() and m.time_zone is distinct from s.time_zone))
    order by m.mute_id
    for update of m skip locked
$$;
comment on function lock_unplanned_silences() is 'Locks and returns the recurring silences that have no window now or ahead.';

create or replace function plan_silence(
    silence bigint, starts timestamptz, ends timestamptz, zone text, why_not text default null
) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update mutes m
    set starts_at = coalesce(starts, m.starts_at), ends_at = coalesce(ends, m.ends_at), time_zone = zone, problem = why_not
    where m.mute_id = silence
$$;
comment on function plan_silence(bigint, timestamptz, timestamptz, text, text) is
    'Stores the next window of a recurring silence, or why there is none.';
