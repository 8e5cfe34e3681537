-- Checks outside the schedule: the first check of a new assignment, and another one after a change of the pack, of the
-- server's address, or at the end of a hold. The change sets drift_states.look_wanted_at, the check that it asks for clears
-- it (look_still_wanted), and enqueue_looks creates the jobs.

-- A check counts if it used the current version of the pack and its attempt started after the change. A failed check counts
-- too: a server that cannot be reached is not tried for ever.
create or replace function look_still_wanted(wanted_at timestamptz, started_at timestamptz, is_current_version boolean)
returns timestamptz
language sql immutable
as $$ select case when is_current_version and started_at >= wanted_at then null else wanted_at end $$;
comment on function look_still_wanted(timestamptz, timestamptz, boolean) is
    'What becomes of drift_states.look_wanted_at after a check whose attempt started then.';

create or replace function servers_to_look_at(among text[] default null) returns setof text
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
begin
    return query
    select d.server_id from drift_states d
    join eligible_servers e on e.server_id = d.server_id
    where d.look_wanted_at is not null and (among is null or d.server_id = any(among))
    group by d.server_id
    order by d.server_id;
end
$$;
comment on function servers_to_look_at(text[]) is 'The eligible servers, among these or all, that wait for a check outside the schedule.';

-- One job per server. If a job already waits or runs, it goes first; if the check is still wanted after it, the next call
-- creates a job. The jobs are spread like those of a slot. They run after checks that people ask for and before slots.
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
    select e.queue, 'drift_check', e.server_id, 50,
           case when start.at > now then 'scheduled' else 'available' end, start.at, asker, now
    from servers_to_look_at(among) as l (server_id)
    join eligible_servers e on e.server_id = l.server_id
    cross join lateral (select start_in_spread(l.server_id, now, spread) as at) start
    where not exists (select from jobs j where j.server_id = l.server_id and j.finished_at is null)
    order by e.server_id
    limit max_jobs
    on conflict (kind, server_id) where slot_at is null and finished_at is null
    do nothing;
    get diagnostics asked = row_count;
    if asked > 0 then
        perform pg_notify('driftwatch_jobs', '');
    end if;
    return asked;
end
$$;
comment on function enqueue_looks(text[], integer, text) is
    'Enqueues a check for the servers that wait for one and have no job, and returns how many.';

-- The caller holds the lock on the server's row.
create or replace function want_look(server text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$ update drift_states d set look_wanted_at = clock() where d.server_id = server $$;
comment on function want_look(text) is 'Asks for another check of a server, with all of its packs.';

-- The caller holds the lock on the server's row, or takes it here.
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
comment on function lift_hold(text) is 'Ends a hold and asks for a check. Does nothing if there is no hold.';

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
        -- In the order of its index, which has only servers on hold: by name, all servers would be read.
        order by s.disabled_until
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
comment on function end_holds(integer) is 'Ends the holds whose time has passed, and asks for a check of those servers.';
