-- The worker's side of the queue. Only the worker with the lease token writes a running job; every other writer checks
-- the row's state under its lock. What the jobs are for is behind the two functions of f09_hooks.sql.
--
--   claim_jobs      available -> running, under a new lease token
--   renew_leases    extends leases
--   settle_job      running -> succeeded | failed | cancelled, or retryable
--   release_job     running -> available | scheduled; the attempt does not count
--   promote_jobs    scheduled | retryable -> available
--   rescue_jobs     running -> available | retryable | failed, when its lease or its time is over
--   job_state_under how an attempt ended
--   held_jobs       due jobs that everybody skips, because a session holds their rows
--
-- The row of a job tells about its running attempt and about a plain success. end_attempt adds a row to job_attempts for
-- every other end.

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
    -- One queue at a time: only then does the index supply the order, so that a claim costs the same however many jobs wait.
    -- The queues come in random order, so that no queue starves another.
    open_queues constant text[] := array(
        select q from unnest(serving) q
        where not exists (select from queues p where p.queue = q and p.paused_at is not null)
        order by random());
    open_queue text;
    wanted bigint[] := '{}';
    unwanted bigint[];
begin
    foreach open_queue in array open_queues loop
        exit when cardinality(wanted) >= least(max_rescued, max_jobs);
        wanted := wanted || array(
            with rescued as (
                select j.job_id from jobs j
                where j.state = 'available' and j.queue = open_queue and j.rescues > 0
                order by j.priority, j.run_at, j.job_id
                limit least(max_rescued, max_jobs) - cardinality(wanted)
                for update skip locked)
            select r.job_id from rescued r);
    end loop;
    foreach open_queue in array open_queues loop
        exit when cardinality(wanted) >= max_jobs;
        wanted := wanted || array(
            with fresh as (
                select j.job_id from jobs j
                where j.state = 'available' and j.queue = open_queue and j.rescues = 0
                order by j.priority, j.run_at, j.job_id
                limit max_jobs - cardinality(wanted)
                for update skip locked)
            select f.job_id from fresh f);
    end loop;
    if wanted = '{}' then
        return;
    end if;

    -- The world may have changed since a job was created. Ask again, now that the job is locked.
    unwanted := array(select unwanted_jobs(wanted));
    if unwanted <> '{}' then
        update jobs j
        set state = 'cancelled', finished_at = now, last_error = 'not eligible any more'
        where j.job_id = any(unwanted);
        wanted := array(select w from unnest(wanted) w where w <> all(unwanted));
    end if;

    return query
    with claimed as (
        update jobs j
        set state = 'running', attempt = j.attempt + 1, lease_token = gen_random_uuid(), worker_id = worker,
            claimed_at = now, lease_expires_at = now + lease, deadline_at = now + time_limit
        where j.job_id = any(wanted)
        returning j.*
    )
    select c.job_id, c.server_id, c.schedule_name, c.attempt, c.max_attempts, c.rescues, c.lease_token
    from claimed c
    order by c.priority, c.run_at, c.job_id;
end
$$;
comment on function claim_jobs(text, text[], integer, integer, interval, interval) is
    'Claims due jobs for a worker, each with a new lease token. Cancels jobs that nobody wants any more.';

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

-- One statement for many leases, which waits for no lock: a forgotten transaction that holds one row must not end the
-- other leases. A lease that is not returned is lost. A lease that is returned as not renewed still stands, but somebody
-- has locked the job's row.
create or replace function renew_leases(worker text, job_ids bigint[], tokens uuid[], lease interval)
returns table (lease_token uuid, cancel_requested boolean, renewed boolean)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
begin
    update workers w set last_seen_at = now
    where w.worker_id = (select f.worker_id from workers f where f.worker_id = worker for update skip locked);
    return query
    with held as (
        select j.job_id, j.lease_token, j.cancel_requested_at is not null as cancel_requested
        from unnest(job_ids, tokens) as h (job_id, lease_token)
        join jobs j on j.job_id = h.job_id and j.lease_token = h.lease_token and j.state = 'running'
    ), free as (
        select j.job_id from held h join jobs j on j.job_id = h.job_id
        where j.lease_token = h.lease_token and j.state = 'running'
        for update of j skip locked
    ), extended as (
        update jobs j set lease_expires_at = now + lease from free f where j.job_id = f.job_id returning j.job_id)
    select h.lease_token, h.cancel_requested, e.job_id is not null from held h left join extended e on e.job_id = h.job_id;
end
$$;
comment on function renew_leases(text, bigint[], uuid[], interval) is
    'Extends and returns the leases that are still held, and says which jobs somebody asked to cancel, and which leases were not extended because the row is locked.';

create or replace function state_after(outcome text, cancel_requested boolean, is_last_attempt boolean) returns text
language sql immutable
as $$
    select case when outcome <> 'retry' then outcome
                when cancel_requested then 'cancelled'
                when is_last_attempt then 'failed'
                else 'retryable' end
$$;
comment on function state_after(text, boolean, boolean) is 'The state of a job whose attempt is settled with this outcome.';

-- The caller has locked the job and ended its lease.
create or replace function end_attempt(ended jobs, attempt integer, outcome text, error_class text, error text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    insert into job_attempts (job_id, lease_token, attempt, worker_id, started_at, ended_at, outcome, error_class, error)
    values (ended.job_id, ended.lease_token, attempt, ended.worker_id, ended.claimed_at, clock(), outcome, error_class,
            left(error, 1000))
$$;
comment on function end_attempt(jobs, integer, text, text, text) is
    'Records an attempt that ended otherwise than in a plain success.';

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
    ended jobs;
begin
    if outcome not in ('succeeded', 'failed', 'cancelled', 'retry') then
        raise exception 'a job is settled as succeeded, failed, cancelled or retry, not %', outcome
            using errcode = 'invalid_parameter_value';
    end if;
    update jobs j
    set state = state_after(settle_job.outcome, j.cancel_requested_at is not null, j.attempt >= j.max_attempts),
        last_error = coalesce(left(settle_job.error, 1000), case when settle_job.outcome = 'succeeded' then null else j.last_error end),
        run_at = case state_after(settle_job.outcome, j.cancel_requested_at is not null, j.attempt >= j.max_attempts)
            when 'retryable' then now + backoff(j.attempt) else j.run_at end,
        finished_at = case state_after(settle_job.outcome, j.cancel_requested_at is not null, j.attempt >= j.max_attempts)
            when 'retryable' then null else now end,
        lease_expires_at = null, deadline_at = null
    where j.job_id = job and j.lease_token = token and j.state = 'running'
    returning * into ended;
    if not found then
        perform raise_lease_lost('job ' || job);
    end if;
    if settle_job.outcome <> 'succeeded' or settle_job.error_class is not null then
        perform end_attempt(ended, ended.attempt, settle_job.outcome, settle_job.error_class, settle_job.error);
    end if;
    if ended.state in ('failed', 'cancelled') then
        perform jobs_ended(array[job], coalesce(settle_job.error_class, ended.state), ended.state = 'failed');
    end if;
    return ended.state;
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
    ended jobs;
begin
    update jobs j
    set state = case
            when j.cancel_requested_at is not null then 'cancelled'
            when run_in > interval '0' then 'scheduled'
            else 'available' end,
        finished_at = case when j.cancel_requested_at is not null then now end,
        run_at = case when run_in > interval '0' then now + run_in else j.run_at end,
        attempt = j.attempt - 1, lease_expires_at = null, deadline_at = null
    where j.job_id = job and j.lease_token = token and j.state = 'running'
    returning * into ended;
    if not found then
        perform raise_lease_lost('job ' || job);
    end if;
    perform end_attempt(ended, ended.attempt + 1, release_job.outcome, null, null);
    if ended.state = 'cancelled' then
        perform jobs_ended(array[job], 'cancelled', false);
    end if;
    return ended.state;
end
$$;
comment on function release_job(bigint, uuid, text, interval) is
    'Puts a running job back and returns its state; the attempt does not count. outcome is interrupted or no_place. Raises JQ001 if the token no longer holds the job.';

-- For a worker that lost the reply to its commit. If somebody has claimed the job since, it returns how this attempt ended.
create or replace function job_state_under(job bigint, token uuid) returns text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select case when a.outcome in ('lease_expired', 'deadline') then null
                when j.lease_token = token then j.state
                else a.outcome end
    from jobs j
    left join job_attempts a on a.job_id = j.job_id and a.lease_token = token
    where j.job_id = job
$$;
comment on function job_state_under(bigint, uuid) is
    'How the attempt with this token ended: running while it still holds the job, null if the job was taken from it.';

-- Any worker does this for all. The condition is checked under each row's lock, so that a job that has just finished
-- stays finished. The first time, the job is available at once; the third time, it fails.
create or replace function rescue_jobs(max_jobs integer default 100)
returns table (job_id bigint, server_id text, worker_id text, rescues integer, state text, schedule_name text)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    lost jobs[];
    over record;
begin
    with gone as (
        select j.job_id, case when j.lease_expires_at <= now then 'lease_expired' else 'deadline' end as why,
               case when j.cancel_requested_at is not null then 'cancelled'
                    when j.rescues + 1 >= 3 then 'failed'
                    when j.rescues = 0 then 'available'
                    else 'retryable' end as new_state
        from jobs j
        where j.state = 'running' and (j.lease_expires_at <= now or j.deadline_at <= now)
        order by j.job_id
        limit max_jobs
        for update skip locked
    ), taken as (
        update jobs j
        set state = g.new_state, rescues = j.rescues + 1,
            last_error = case g.why when 'deadline' then 'the job ran past its deadline' else 'its worker was lost' end,
            run_at = case when g.new_state = 'retryable' then now + backoff(j.rescues + 1) else j.run_at end,
            finished_at = case when g.new_state in ('failed', 'cancelled') then now end,
            lease_expires_at = null, deadline_at = null
        from gone g where j.job_id = g.job_id
        returning j.*::jobs as job, g.why
    ), noted as (
        insert into job_attempts (job_id, lease_token, attempt, worker_id, started_at, ended_at, outcome)
        select (t.job).job_id, (t.job).lease_token, (t.job).attempt, (t.job).worker_id, (t.job).claimed_at, now, t.why
        from taken t
        returning job_id)
    select array_agg(t.job order by (t.job).job_id) into lost from taken t;
    for over in
        select case l.state when 'cancelled' then 'cancelled' else a.outcome end as reason, l.state = 'failed' as counts,
               array_agg(l.job_id) as jobs
        from unnest(lost) l
        join job_attempts a on a.job_id = l.job_id and a.lease_token = l.lease_token
        where l.state in ('failed', 'cancelled')
        group by 1, 2 order by 1, 2
    loop
        perform jobs_ended(over.jobs, over.reason, over.counts);
    end loop;
    return query select l.job_id, l.server_id, l.worker_id, l.rescues, l.state, l.schedule_name from unnest(lost) l;
end
$$;
comment on function rescue_jobs(integer) is
    'Takes back running jobs whose lease or deadline has passed. The third time, the job fails and failed checks are stored.';

create or replace function held_jobs(max_jobs integer default 20)
returns table (job_id bigint, server_id text, blocker_pid integer, why text, schedule_name text)
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
begin
    return query
    select q.job_id, q.server_id, q.blocker_pid, q.why, q.schedule_name from queue_stuck q
    where q.blocker_pid is not null
    order by q.job_id
    limit max_jobs;
end
$$;
comment on function held_jobs(integer) is
    'The jobs that have been due for a minute and that every worker skips, because another session holds their rows.';
