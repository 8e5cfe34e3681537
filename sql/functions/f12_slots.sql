-- The scheduler's side of the queue. Everything of one slot happens in one transaction: all or nothing.

-- Locks what is due; a schedule that another scheduler has in hand is skipped, and is not due any more when that one
-- has committed.
create or replace function lock_due_schedules()
returns table (
    schedule_name text, cron text, time_zone text, next_slot_at timestamptz, last_slot_at timestamptz, now timestamptz
)
language sql volatile security definer set search_path = driftwatch, pg_temp
as $$
    select s.schedule_name, s.cron, s.time_zone, s.next_slot_at, s.last_slot_at, clock()
    from schedules s
    where s.paused_at is null and (s.next_slot_at is null or s.next_slot_at <= clock())
    order by s.schedule_name
    for update skip locked
$$;
comment on function lock_due_schedules() is 'The schedules whose next slot has come, or is not known yet, locked.';

-- Moves the cursor: to the first slot of a schedule, past a slot that fires, or past a missed one that is too old to catch
-- up. due is the latest slot that came due, due_before the one before it where that was missed as well. Slots that nobody
-- fired leave no row in slots, but what was not checked since they were due is stale all the same.
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
    'Says when the schedule comes due next and after that, and which slots came due until now.';

-- What was last checked before this instant is stale: two slots have come due since. Slots count from the moment that
-- they are due, whether or not a scheduler is there to see it.
create or replace function stale_before(schedule text) returns timestamptz
language sql volatile security definer set search_path = driftwatch, pg_temp
as $$
    select case when s.following_slot_at <= clock() then s.next_slot_at
                when s.next_slot_at <= clock() then s.last_due_at
                else s.due_before_last_at end
    from schedules s where s.schedule_name = schedule
$$;
comment on function stale_before(text) is 'The second last slot that came due: a verdict from before it is stale. Null before there were two.';

-- Whether the next slot, or working out when it is, has waited for a scheduler for more than two minutes.
create or replace function is_overdue(next_slot timestamptz, updated_at timestamptz, paused_at timestamptz) returns boolean
language sql volatile
as $$ select paused_at is null and coalesce(next_slot, updated_at) < driftwatch.clock() - interval '2 minutes' $$;
comment on function is_overdue(timestamptz, timestamptz, timestamptz) is
    'Whether a schedule that is not paused has waited for a scheduler for more than two minutes.';

-- The schedule as it stands, made from what is given where there is none: what somebody else makes meanwhile stands.
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
    'Returns a schedule''s expression and time zone; makes the schedule where there is none.';

-- The same for ever, on any version of PostgreSQL.
create or replace function place_in_spread(server text) returns double precision
language sql immutable
as $$ select ('x' || left(md5(server), 7))::bit(28)::integer / 268435456.0 $$;
comment on function place_in_spread(text) is 'Where in the spread of a slot a server has its place: from 0 to just below 1.';

-- Fires a slot: one job per eligible server, and no more of older slots' jobs that still wait. The caller holds the
-- schedule's row. Returns how many jobs were made.
create or replace function fire_slot(
    schedule text, slot timestamptz, next_slot timestamptz, following_slot timestamptz default null,
    due_before timestamptz default null
) returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    spread interval;
    made integer;
    old bigint;
begin
    perform advance_schedule(schedule, next_slot, following_slot, slot, due_before);
    update schedules s set last_slot_at = slot
    where s.schedule_name = schedule
    returning least(s.spread, greatest(next_slot - now, interval '0')) into spread;
    insert into slots (schedule_name, slot_at, fired_at, enqueued) values (schedule, slot, now, 0)
    on conflict do nothing;
    if not found then
        return 0;
    end if;

    -- A server keeps its place in the spread for ever. One whose older job still waits keeps that job's place in line: where the workers never catch up, each server still has its turn.
    insert into jobs (queue, kind, server_id, schedule_name, slot_at, state, run_at, created_at)
    select queue_of(s.server_id), 'drift_check', s.server_id, schedule, slot,
           case when start.at > now then 'scheduled' else 'available' end, start.at, now
    from servers s
    left join (
        select j.server_id, min(j.run_at) as run_at from jobs j
        where j.slot_at < slot and j.schedule_name = schedule and j.state in ('scheduled', 'available', 'retryable')
        group by j.server_id) older on older.server_id = s.server_id
    cross join lateral (
        select least(older.run_at,
                     now + spread * place_in_spread(s.server_id)) as at) start
    where server_is_eligible(s.server_id)
    order by s.server_id
    on conflict on constraint one_job_per_slot_and_server do nothing;
    get diagnostics made = row_count;

    for old in
        with waiting as (
            select j.job_id from jobs j
            where j.slot_at < slot and j.schedule_name = schedule
              and j.state in ('scheduled', 'available', 'retryable')
            order by j.job_id
            for update skip locked)
        update jobs j
        set state = 'cancelled', finished_at = now, last_error = 'superseded by the slot of ' || rfc3339(slot)
        from waiting where j.job_id = waiting.job_id
        returning j.job_id
    loop
        perform write_failed_checks(old, 'superseded', false);
    end loop;

    update slots set enqueued = made where schedule_name = schedule and slot_at = slot;
    perform pg_notify('driftwatch_jobs', '');
    return made;
end
$$;
comment on function fire_slot(text, timestamptz, timestamptz, timestamptz, timestamptz) is
    'Makes the jobs of a slot, supersedes what still waits of older slots, and moves the schedule on.';

-- The queue a server's jobs go to: its own machine's worker alone where the connection is local.
create or replace function queue_of(server text) returns text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select case s.connection when 'local' then 'local:' || s.server_id else s.queue end
    from servers s where s.server_id = server
$$;
comment on function queue_of(text) is 'The queue of a server''s jobs: servers.queue, or local:ID.';

-- Notes which slots have no job left to finish.
create or replace function complete_slots() returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    completed integer;
begin
    update slots s set completed_at = clock()
    where s.completed_at is null
      and not exists (
        select from jobs j
        where j.schedule_name = s.schedule_name and j.slot_at = s.slot_at
          and j.state in ('scheduled', 'available', 'running', 'retryable'));
    get diagnostics completed = row_count;
    return completed;
end
$$;
comment on function complete_slots() is 'Sets completed_at on slots whose jobs are all over.';

-- A server may have changed its queue, or its connection, while a job of it waited.
create or replace function requeue_jobs() returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    moved integer;
begin
    with astray as (
        select j.job_id from jobs j
        where j.state in ('scheduled', 'available', 'retryable') and j.queue <> queue_of(j.server_id)
        order by j.job_id
        for update skip locked)
    update jobs j set queue = queue_of(j.server_id) from astray where j.job_id = astray.job_id;
    get diagnostics moved = row_count;
    return moved;
end
$$;
comment on function requeue_jobs() is 'Moves waiting jobs to the queue that their server has now.';
