-- The scheduler's side of the queue. One transaction handles one slot: all or nothing.

-- Skips a schedule that another scheduler has locked: it is no longer due once that scheduler has committed.
create or replace function lock_due_schedules()
returns table (
    schedule_name text, cron text, time_zone text, next_slot_at timestamptz, set_at timestamptz, paused boolean,
    now timestamptz
)
language sql volatile security definer set search_path = driftwatch, pg_temp
as $$
    select s.schedule_name, s.cron, s.time_zone, s.next_slot_at, s.updated_at, s.paused_at is not null, clock()
    from schedules s
    where s.next_slot_at is null or s.next_slot_at <= clock()
    order by s.schedule_name
    for update skip locked
$$;
comment on function lock_due_schedules() is 'Locks and returns the schedules whose next slot is due or not known yet.';

create or replace function waiting_schedules()
returns table (
    schedule_name text, cron text, time_zone text, next_slot_at timestamptz, following_slot_at timestamptz,
    last_due_at timestamptz, set_at timestamptz, now timestamptz
)
language sql volatile security definer set search_path = driftwatch, pg_temp
as $$
    select s.schedule_name, s.cron, s.time_zone, s.next_slot_at, s.following_slot_at, s.last_due_at, s.updated_at, clock()
    from schedules s
    where s.next_slot_at > clock()
    order by s.schedule_name
$$;
comment on function waiting_schedules() is 'Returns the schedules whose next slot is still to come.';

-- before and set_at are what the caller saw: a schedule that has been moved or set since then stays as it is.
create or replace function move_slot(
    schedule text, before timestamptz, set_at timestamptz, next_slot timestamptz, following_slot timestamptz
) returns boolean
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
begin
    update schedules s set next_slot_at = next_slot, following_slot_at = following_slot
    where s.schedule_name = schedule and s.next_slot_at = before and s.updated_at = set_at;
    if not found then
        return false;
    end if;
    perform write_audit('driftwatch', 'move_slot', 'schedule ' || schedule, jsonb_build_object(
        'before', rfc3339(before), 'next_slot', rfc3339(next_slot)));
    return true;
end
$$;
comment on function move_slot(text, timestamptz, timestamptz, timestamptz, timestamptz) is
    'Moves the next slot of a schedule, because the rules of its zone changed; true if it did.';

create or replace function skip_slots(schedule text, missed timestamptz[], why text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    insert into slots (schedule_name, slot_at, enqueued, completed_at, skipped)
    select schedule, m, 0, clock(), why from unnest(missed) m
    on conflict do nothing
$$;
comment on function skip_slots(text, timestamptz[], text) is 'Records slots that do not fire, and why.';

-- Moves a schedule on: to its first slot, past a slot that fires, or past a missed slot that is too old to fire. due is
-- the latest slot that was due; due_before is the slot before it, if that was missed as well. A slot that did not fire makes
-- older verdicts stale too.
create or replace function advance_schedule(
    schedule text, next_slot timestamptz, following_slot timestamptz, due timestamptz default null,
    due_before timestamptz default null
) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update schedules s
    set next_slot_at = next_slot, following_slot_at = following_slot,
        due_before_last_at = case when due is null then s.due_before_last_at else coalesce(due_before, s.last_due_at) end,
        last_due_at = coalesce(due, s.last_due_at)
    where s.schedule_name = schedule
$$;
comment on function advance_schedule(text, timestamptz, timestamptz, timestamptz, timestamptz) is
    'Records the next two slots of a schedule, and the slots that have been due until now.';

-- A slot counts from the moment it is due, whether or not a scheduler is running.
create or replace function stale_before(schedule text) returns timestamptz
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select case when s.following_slot_at <= clock() then s.next_slot_at
                when s.next_slot_at <= clock() then s.last_due_at
                else s.due_before_last_at end
    from schedules s where s.schedule_name = schedule
$$;
comment on function stale_before(text) is 'The second last slot that was due: an older verdict is stale. Null until two slots have been due.';

-- A schedule without a next slot waits for a scheduler to compute it.
create or replace function is_overdue(next_slot timestamptz, updated_at timestamptz, paused_at timestamptz) returns boolean
language sql stable
as $$ select paused_at is null and coalesce(next_slot, updated_at) < driftwatch.statement_clock() - interval '2 minutes' $$;
comment on function is_overdue(timestamptz, timestamptz, timestamptz) is
    'Whether a schedule that is not paused has waited for a scheduler for more than two minutes.';

-- An existing schedule stays as it is, also one that another process creates at the same time.
create or replace function seed_schedule(schedule text, wanted_cron text, wanted_time_zone text)
returns table (cron text, time_zone text)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
begin
    insert into schedules (schedule_name, cron, time_zone, updated_at)
    values (schedule, wanted_cron, wanted_time_zone, clock())
    on conflict (schedule_name) do nothing;
    if found then
        perform write_audit('driftwatch', 'set_schedule', 'schedule ' || schedule,
            jsonb_build_object('cron', wanted_cron, 'time_zone', wanted_time_zone));
    end if;
    return query select s.cron, s.time_zone from schedules s where s.schedule_name = schedule;
end
$$;
comment on function seed_schedule(text, text, text) is
    'Returns a schedule''s expression and time zone. Creates the schedule if there is none.';

-- The result never changes, on any version of PostgreSQL.
create or replace function place_in_spread(server text) returns double precision
language sql immutable
as $$ select ('x' || left(md5(server), 7))::bit(28)::integer / 268435456.0 $$;
comment on function place_in_spread(text) is 'A server''s fixed position in the spread of a slot: from 0 to just below 1.';

-- The caller holds the lock on the schedule's row. A slot may make a hundred thousand jobs, hence one statement for all of
-- them, planned for this very call.
create or replace function fire_slot(
    schedule text, slot timestamptz, next_slot timestamptz, following_slot timestamptz default null,
    due_before timestamptz default null
) returns integer
language plpgsql security definer
set search_path = driftwatch, pg_temp set plan_cache_mode = force_custom_plan set jit = off
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    spread interval;
    made integer;
    dropped integer := 0;
    superseded bigint[];
begin
    perform advance_schedule(schedule, next_slot, following_slot, slot, due_before);
    update schedules s set last_slot_at = slot
    where s.schedule_name = schedule
    returning least(s.spread, greatest(next_slot - now, interval '0')) into spread;
    -- Fires once. Only a slot that was skipped during a pause may fire after all.
    insert into slots as k (schedule_name, slot_at, fired_at, enqueued) values (schedule, slot, now, 0)
    on conflict (schedule_name, slot_at) do update set fired_at = excluded.fired_at, skipped = null, completed_at = null
    where k.skipped = 'paused';
    if not found then
        return 0;
    end if;

    -- A server always has the same position in the spread. If its older job still waits, the new job takes over that job's
    -- place in line: even if the workers never catch up, every server gets its turn.
    insert into jobs (queue, kind, server_id, schedule_name, slot_at, state, run_at, created_at)
    select e.queue, 'drift_check', e.server_id, schedule, slot,
           case when start.at > now then 'scheduled' else 'available' end, start.at, now
    from eligible_servers e
    left join (
        select j.server_id, min(j.run_at) as run_at from jobs j
        where j.schedule_name = schedule and j.slot_at < slot and j.finished_at is null and j.state <> 'running'
        group by j.server_id) waiting on waiting.server_id = e.server_id
    cross join lateral (
        select least(waiting.run_at, start_in_spread(e.server_id, now, spread)) as at) start
    order by e.server_id;
    get diagnostics made = row_count;

    with waiting as (
        select j.job_id from jobs j
        where j.schedule_name = schedule and j.slot_at < slot and j.finished_at is null and j.state <> 'running'
        for update skip locked
    ), cancelled as (
        update jobs j
        set state = 'cancelled', finished_at = now, last_error = 'superseded by the slot of ' || rfc3339(slot)
        from waiting w where j.job_id = w.job_id
        returning j.job_id)
    select array_agg(c.job_id) into superseded from cancelled c;
    perform jobs_ended(superseded, 'superseded', false);
    dropped := coalesce(cardinality(superseded), 0);
    update slots s set enqueued = made, superseded = dropped where s.schedule_name = schedule and s.slot_at = slot;
    perform pg_notify('driftwatch_jobs', '');
    return made;
end
$$;
comment on function fire_slot(text, timestamptz, timestamptz, timestamptz, timestamptz) is
    'Creates one job per eligible server, cancels waiting jobs of older slots, moves the schedule on, and returns the number of new jobs.';

create or replace function start_in_spread(server text, slot timestamptz, spread interval) returns timestamptz
language sql stable
as $$ select case when spread > interval '0' then slot + spread * driftwatch.place_in_spread(server) else slot end $$;
comment on function start_in_spread(text, timestamptz, interval) is 'When a server''s job starts, if the jobs are spread from this time on.';

-- Notifications that wait for others of the slot need not wait any longer. One whose row is locked is being sent.
create or replace function complete_slots() returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    completed integer;
    notifications integer;
begin
    with ended as (
        update slots s set completed_at = clock()
        where s.completed_at is null
          and not exists (
            select from jobs j
            where j.schedule_name = s.schedule_name and j.slot_at = s.slot_at and j.finished_at is null
            -- One probe per slot; the planner would otherwise read all live jobs.
            offset 0)
        returning s.schedule_name, s.slot_at),
    waiting as (
        select o.outbox_id from ended e
        join outbox o on o.schedule_name = e.schedule_name and o.slot_at = e.slot_at
        where o.state = 'pending' and not o.tried and o.not_before > clock()
        for update of o skip locked),
    freed as (
        update outbox o set not_before = clock() from waiting w where o.outbox_id = w.outbox_id returning o.outbox_id)
    select (select count(*) from ended), (select count(*) from freed) into completed, notifications;
    if notifications > 0 then
        perform pg_notify('driftwatch_outbox', '');
    end if;
    return completed;
end
$$;
comment on function complete_slots() is 'Sets completed_at on slots whose jobs have all finished, and ends the wait of their notifications.';

-- A server's queue or connection may have changed while its job waited. Looks at the servers that changed within the last
-- hour: a slot that fired at the same time read the old value, and has committed by then. Planned for this very hour: few
-- servers have changed, however many jobs wait.
create or replace function requeue_jobs() returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    since constant timestamptz := clock() - interval '1 hour';
    moved integer;
begin
    with astray as (
        select j.job_id, queue_of(s.server_id, s.connection, s.queue) as queue
        from servers s
        join jobs j on j.server_id = s.server_id
        where s.updated_at > since
          and j.finished_at is null and j.state <> 'running'
          and j.queue <> queue_of(s.server_id, s.connection, s.queue)
        for update of j skip locked)
    update jobs j set queue = a.queue from astray a where j.job_id = a.job_id;
    get diagnostics moved = row_count;
    return moved;
end
$$;
comment on function requeue_jobs() is 'Moves waiting jobs to the current queue of their server, if that changed lately.';
