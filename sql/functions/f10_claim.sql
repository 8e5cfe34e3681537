-- The worker's side of the queue. Only the worker with the lease token writes a running job; every other writer checks
-- the row's state under its lock.

create or replace function on_hold(disabled_at timestamptz, disabled_until timestamptz) returns boolean
language sql volatile
as $$ select disabled_at is not null and coalesce(disabled_until > driftwatch.clock(), true) $$;
comment on function on_hold(timestamptz, timestamptz) is
    'Whether a hold with this start and end is in force. Start null: there is no hold. End null: it has no end.';

create or replace function server_is_eligible(server text) returns boolean
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select exists (
        select from servers s
        where s.server_id = server
          and s.removed_at is null
          and s.drift_detection_enabled
          and not on_hold(s.disabled_at, s.disabled_until)
          and exists (select from assignments a where a.server_id = s.server_id))
$$;
comment on function server_is_eligible(text) is 'Whether a server is to be checked: in the inventory, switched on, not on hold, and with packs.';

-- Claims at most max_jobs due jobs. At most max_rescued of them may have lost a worker before: a job that kills its
-- worker must not take many others with it.
--
-- A separate CTE locks the rows, because a locking subquery inside IN (... LIMIT ...) may run once per row.
create or replace function claim_jobs(
    worker text, serving text[], max_jobs integer, max_rescued integer, lease interval, time_limit interval
) returns table (
    job_id bigint, server_id text, schedule_name text, attempt integer, max_attempts integer, rescues integer,
    lease_token uuid
)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    open_queue text;
    wanted bigint[] := '{}';
    withdrawn bigint;
begin
    -- One queue at a time: only then does the index supply the order, so that a claim costs the same however many jobs wait.
    -- The queues come in random order, so that no queue starves another.
    for open_queue in
        select q from unnest(serving) q
        where not exists (select from queues p where p.queue = q and p.paused_at is not null)
        order by random()
    loop
        wanted := wanted || array(
            with rescued as (
                select j.job_id from jobs j
                where j.state = 'available' and j.queue = open_queue and j.rescues > 0
                order by j.priority, j.run_at, j.job_id
                limit least(max_rescued, max_jobs) - cardinality(wanted)
                for update skip locked)
            select r.job_id from rescued r);
        exit when cardinality(wanted) >= least(max_rescued, max_jobs);
    end loop;
    for open_queue in
        select q from unnest(serving) q
        where not exists (select from queues p where p.queue = q and p.paused_at is not null)
        order by random()
    loop
        wanted := wanted || array(
            with fresh as (
                select j.job_id from jobs j
                where j.state = 'available' and j.queue = open_queue and j.rescues = 0
                order by j.priority, j.run_at, j.job_id
                limit max_jobs - cardinality(wanted)
                for update skip locked)
            select f.job_id from fresh f);
        exit when cardinality(wanted) >= max_jobs;
    end loop;

    -- The server may have changed since its job was created. Check again, now that the job is locked.
    for withdrawn in
        update jobs j
        set state = 'cancelled', finished_at = now, last_error = 'not eligible any more'
        where j.job_id = any(wanted) and j.server_id is not null and not server_is_eligible(j.server_id)
        returning j.job_id
    loop
        wanted := array_remove(wanted, withdrawn);
    end loop;

    return query
    with claimed as (
        update jobs j
        set state = 'running', attempt = j.attempt + 1, lease_token = gen_random_uuid(), worker_id = worker,
            claimed_at = now, lease_expires_at = now + lease, deadline_at = now + time_limit
        where j.job_id = any(wanted)
        returning j.*
    ), noted as (
        insert into job_attempts (job_id, lease_token, attempt, worker_id, started_at)
        select c.job_id, c.lease_token, c.attempt, worker, now from claimed c
    )
    select c.job_id, c.server_id, c.schedule_name, c.attempt, c.max_attempts, c.rescues, c.lease_token
    from claimed c
    order by c.priority, c.run_at, c.job_id;
end
$$;
comment on function claim_jobs(text, text[], integer, integer, interval, interval) is
    'Claims due jobs for a worker, each with a new lease token. Cancels jobs of servers that are no longer eligible.';

-- Any worker does this for all.
create or replace function promote_jobs(max_jobs integer default 1000) returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    promoted integer;
begin
    with due as (
        select j.job_id from jobs j
        where j.state in ('scheduled', 'retryable') and j.run_at <= now
        order by j.run_at
        limit max_jobs
        for update skip locked)
    update jobs j set state = 'available' from due where j.job_id = due.job_id;
    get diagnostics promoted = row_count;
    return promoted;
end
$$;
comment on function promote_jobs(integer) is 'Makes scheduled and retryable jobs available once they are due.';

-- One statement for many leases. A lease that is not returned is lost.
create or replace function renew_leases(worker text, job_ids bigint[], tokens uuid[], lease interval)
returns table (lease_token uuid, cancel_requested boolean)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
begin
    update workers w set last_seen_at = now where w.worker_id = worker;
    return query
    update jobs j set lease_expires_at = now + lease
    from unnest(job_ids, tokens) as held (job_id, lease_token)
    where j.job_id = held.job_id and j.lease_token = held.lease_token and j.state = 'running'
    returning j.lease_token, j.cancel_requested_at is not null;
end
$$;
comment on function renew_leases(text, bigint[], uuid[], interval) is
    'Extends and returns the leases that are still held, and says which jobs somebody asked to cancel.';

-- The first statement of the transaction that writes a job's effects. It fences them all, and its row lock keeps
-- rescue_jobs away until they are committed. A retry after the last attempt fails the job.
create or replace function settle_job(
    job bigint, token uuid, outcome text, error_class text default null, error text default null
) returns text
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    held jobs;
    new_state text;
begin
    if outcome not in ('succeeded', 'failed', 'cancelled', 'retry') then
        raise exception 'a job is settled as succeeded, failed, cancelled or retry, not %', outcome
            using errcode = 'invalid_parameter_value';
    end if;
    select * into held from jobs j where j.job_id = job and j.lease_token = token and j.state = 'running' for update;
    if not found then
        perform raise_lease_lost('job ' || job);
    end if;
    new_state := case
        when outcome <> 'retry' then outcome
        when held.cancel_requested_at is not null then 'cancelled'
        when held.attempt >= held.max_attempts then 'failed'
        else 'retryable' end;
    update jobs j
    set state = new_state,
        last_error = coalesce(left(error, 1000), case when outcome = 'succeeded' then null else j.last_error end),
        run_at = case when new_state = 'retryable' then now + backoff(held.attempt) else j.run_at end,
        finished_at = case when new_state <> 'retryable' then now end
    where j.job_id = job;
    update job_attempts a
    set ended_at = now, outcome = settle_job.outcome, error_class = settle_job.error_class, error = left(settle_job.error, 1000)
    where a.job_id = job and a.lease_token = token;
    if new_state in ('failed', 'cancelled') then
        perform write_failed_checks(job, coalesce(error_class, new_state), new_state = 'failed');
    end if;
    return new_state;
end
$$;
comment on function settle_job(bigint, uuid, text, text, text) is
    'Ends an attempt as succeeded, failed, cancelled or retry. Raises JQ001 if the token no longer holds the job.';

-- 5 s, doubled up to 60 s, with full jitter.
create or replace function backoff(attempt integer) returns interval
language sql volatile
as $$ select random() * least(60, 5 * 2 ^ (attempt - 1)) * interval '1 second' $$;
comment on function backoff(integer) is 'How long to wait after an attempt: up to 5 s after the first, up to 60 s later.';

-- For a worker that stops, or has no free connection to the server's address. The attempt does not count.
create or replace function release_job(job bigint, token uuid, outcome text, run_in interval default interval '0')
returns text
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    new_state text;
begin
    update jobs j
    set state = case
            when j.cancel_requested_at is not null then 'cancelled'
            when run_in > interval '0' then 'scheduled'
            else 'available' end,
        finished_at = case when j.cancel_requested_at is not null then now end,
        run_at = case when run_in > interval '0' then now + run_in else j.run_at end,
        attempt = j.attempt - 1
    where j.job_id = job and j.lease_token = token and j.state = 'running'
    returning j.state into new_state;
    if not found then
        perform raise_lease_lost('job ' || job);
    end if;
    update job_attempts a set ended_at = now, outcome = release_job.outcome
    where a.job_id = job and a.lease_token = token;
    if new_state = 'cancelled' then
        perform write_failed_checks(job, 'cancelled', false);
    end if;
    return new_state;
end
$$;
comment on function release_job(bigint, uuid, text, interval) is
    'Puts a running job back and returns its state; the attempt does not count. outcome is interrupted or no_place. Raises JQ001 if the token no longer holds the job.';

-- For a worker that lost the reply to its commit. If somebody has claimed the job since, it returns how this attempt ended.
create or replace function job_state_under(job bigint, token uuid) returns text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select case when j.lease_token = token then j.state else a.outcome end
    from job_attempts a
    join jobs j on j.job_id = a.job_id
    where a.job_id = job and a.lease_token = token
      and a.outcome is distinct from 'lease_expired' and a.outcome is distinct from 'deadline'
$$;
comment on function job_state_under(bigint, uuid) is
    'How the attempt with this token ended: running while it still holds the job, null if the job was taken from it.';

-- Any worker does this for all. The condition is checked under each row's lock, so that a job that has just finished
-- stays finished. The first time, the job is available at once; the third time, it fails.
create or replace function rescue_jobs(max_jobs integer default 100)
returns table (job_id bigint, server_id text, worker_id text, rescues integer, state text)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    lost jobs;
    new_state text;
    why text;
begin
    for lost in
        select * from jobs j
        where j.state = 'running' and (j.lease_expires_at <= now or j.deadline_at <= now)
        -- Servers are locked in the order in which apply locks them.
        order by j.server_id, j.job_id
        limit max_jobs
        for update skip locked
    loop
        why := case when lost.lease_expires_at <= now then 'lease_expired' else 'deadline' end;
        new_state := case
            when lost.cancel_requested_at is not null then 'cancelled'
            when lost.rescues + 1 >= 3 then 'failed'
            when lost.rescues = 0 then 'available'
            else 'retryable' end;
        update jobs j
        set state = new_state, rescues = lost.rescues + 1,
            last_error = case why when 'deadline' then 'the job ran past its deadline' else 'its worker was lost' end,
            run_at = case when new_state = 'retryable' then now + backoff(lost.rescues + 1) else j.run_at end,
            finished_at = case when new_state in ('failed', 'cancelled') then now end
        where j.job_id = lost.job_id;
        update job_attempts a set ended_at = now, outcome = why
        where a.job_id = lost.job_id and a.lease_token = lost.lease_token;
        if new_state in ('failed', 'cancelled') then
            perform write_failed_checks(lost.job_id, case new_state when 'cancelled' then 'cancelled' else why end, new_state = 'failed');
        end if;
        return query select lost.job_id, lost.server_id, lost.worker_id, lost.rescues + 1, new_state;
    end loop;
end
$$;
comment on function rescue_jobs(integer) is
    'Takes back running jobs whose lease or deadline has passed. The third time, the job fails and failed checks are stored.';
