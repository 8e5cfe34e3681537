-- Checks that no slot and no person asks for: the first one of a new assignment, and one more where what a server must
-- have, where it is found, or whether it is watched has changed. Whoever changes that sets drift_states.look_wanted_at;
-- one rule says which servers are still owed a look, and one verb asks for it.

-- A check counts that compared with the version in force and whose attempt began after the change. A failed one counts
-- too: a server that cannot be reached is not tried for ever. Checks before the last one taken into account say nothing.
create or replace function look_is_wanted(d drift_states) returns boolean
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select d.look_wanted_at is not null
       and not exists (
        select from checks c
        join packs p on p.pack_name = c.pack_name and p.digest = c.pack_digest
        where c.server_id = d.server_id and c.pack_name = d.pack_name and c.check_id >= coalesce(d.last_check_id, 0)
          and coalesce(c.started_at, c.checked_at) >= d.look_wanted_at)
$$;
comment on function look_is_wanted(drift_states) is
    'Whether nobody has looked since the assignment, its pack, its server''s address or the end of a hold asked for it.';

-- Materialized, so that the history of few is read: that of eligible servers.
create or replace function servers_to_look_at(among text[] default null) returns setof text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    with watched as materialized (
        select m.server_id
        from (select distinct d.server_id from drift_states d
              where d.look_wanted_at is not null and (among is null or d.server_id = any(among))) m
        where server_is_eligible(m.server_id))
    select distinct d.server_id
    from watched w
    join drift_states d on d.server_id = w.server_id
    where look_is_wanted(d)
    order by d.server_id
$$;
comment on function servers_to_look_at(text[]) is 'The eligible servers, of these or of all, that are owed a look.';

-- One job per server: one that waits or runs already has its turn first, and what it leaves open is asked for again.
-- They start as spread as the jobs of a slot, after what people wait for and before slots.
create or replace function enqueue_looks(
    among text[] default null, max_jobs integer default null, asker text default 'driftwatch'
) returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    spread constant interval := coalesce(
        (select s.spread from schedules s where s.schedule_name = 'default'), interval '0');
    asked integer;
begin
    insert into jobs (queue, kind, server_id, priority, state, run_at, requested_by, created_at)
    select queue_of(l.server_id), 'drift_check', l.server_id, 50,
           case when start.at > now then 'scheduled' else 'available' end, start.at, asker, now
    from servers_to_look_at(among) as l (server_id)
    cross join lateral (select now + spread * place_in_spread(l.server_id) as at) start
    where not exists (
        select from jobs j
        where j.server_id = l.server_id and j.state in ('scheduled', 'available', 'running', 'retryable'))
    order by l.server_id
    limit max_jobs
    on conflict (kind, server_id) where slot_at is null and state in ('scheduled', 'available', 'running', 'retryable')
    do nothing;
    get diagnostics asked = row_count;
    if asked > 0 then
        perform pg_notify('driftwatch_jobs', '');
    end if;
    return asked;
end
$$;
comment on function enqueue_looks(text[], integer, text) is
    'Enqueues a check of the servers that are owed a look and have no job, and returns how many.';

-- Marks whose look has happened are taken away, so that few are left to ask about. Never waits: a row that somebody
-- holds has its turn next time.
create or replace function forget_looks() returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    forgotten integer;
begin
    with done as (
        select d.server_id, d.pack_name from drift_states d
        where d.look_wanted_at is not null and not look_is_wanted(d)
        for update skip locked)
    update drift_states d set look_wanted_at = null
    from done where d.server_id = done.server_id and d.pack_name = done.pack_name;
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;
comment on function forget_looks() is 'Clears look_wanted_at where that look has happened.';

-- The caller holds the server's row.
create or replace function want_look(server text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$ update drift_states d set look_wanted_at = clock() where d.server_id = server $$;
comment on function want_look(text) is 'Says that a server is to be looked at again, for all of its packs.';

-- The caller holds the server's row, or updates it here.
create or replace function lift_hold(server text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
begin
    update servers s
    set disabled_at = null, disabled_by = null, disabled_reason = null, disabled_until = null
    where s.server_id = server and s.disabled_at is not null;
    if found then
        perform want_look(server);
    end if;
end
$$;
comment on function lift_hold(text) is 'Ends a hold, and says that the server is to be looked at; nothing where there is none.';

create or replace function end_holds(max_servers integer default 500) returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    held record;
    ended integer := 0;
begin
    for held in
        select s.server_id, s.disabled_until, s.disabled_by from servers s
        where s.disabled_until <= (select clock())
        order by s.server_id
        limit max_servers
        for update skip locked
    loop
        perform lift_hold(held.server_id);
        perform write_audit('driftwatch', 'end_hold', 'server ' || held.server_id,
            jsonb_build_object('until', held.disabled_until, 'disabled_by', held.disabled_by));
        ended := ended + 1;
    end loop;
    return ended;
end
$$;
comment on function end_holds(integer) is 'Ends the holds whose time has passed, each once, so that those servers are looked at.';
