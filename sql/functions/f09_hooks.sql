-- All that the queue knows of what its jobs are for. The functions in f10_claim.sql call these two, and name no table but
-- the queue's own.

-- Asked at a claim, when the jobs are locked.
create or replace function unwanted_jobs(job_ids bigint[]) returns setof bigint
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
begin
    return query
    select j.job_id from jobs j
    where j.job_id = any(job_ids) and j.server_id is not null
      and not exists (select from eligible_servers e where e.server_id = j.server_id);
end
$$;
comment on function unwanted_jobs(bigint[]) is 'Those of these jobs whose work nobody wants any more: their server is no longer checked.';

-- Stores a failed check for each pack of each job's server, unless the server is no longer checked. If the jobs count as
-- failing, each adds one to the failing streak of its server, which may open an alert.
--
-- The caller has locked the jobs. Servers are locked in the order in which apply locks them. An assignment that somebody
-- has locked is skipped: it is being changed at this moment, and the check itself is stored in any case.
--
-- Slots may end a hundred thousand jobs at once, hence the plan for this very list.
create or replace function jobs_ended(job_ids bigint[], reason text, counts_as_failing boolean) returns void
language plpgsql security definer
set search_path = driftwatch, pg_temp set plan_cache_mode = force_custom_plan set jit = off
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    checked bigint[];
    ended record;
begin
    if counts_as_failing then
        perform from servers s
        where s.server_id in (select j.server_id from jobs j where j.job_id = any(job_ids))
        order by s.server_id for no key update;
    end if;
    with written as (
        insert into checks (
            job_id, schedule_name, slot_at, server_id, pack_name, pack_digest, verdict, reason, started_at, checked_at)
        select j.job_id, j.schedule_name, j.slot_at, j.server_id, a.pack_name, p.digest, 'failed', reason, j.claimed_at, now
        from jobs j
        join eligible_servers e on e.server_id = j.server_id
        join assignments a on a.server_id = j.server_id
        join packs p on p.pack_name = a.pack_name
        where j.job_id = any(job_ids)
        order by j.job_id, a.pack_name
        on conflict on constraint one_check_per_job_and_pack do nothing
        returning check_id, job_id, server_id, pack_name, started_at, checked_at
    ), free as (
        select d.server_id, d.pack_name, w.check_id, w.started_at
        from drift_states d
        join (select server_id, pack_name, max(check_id) as check_id, max(coalesce(started_at, checked_at)) as started_at
              from written group by server_id, pack_name) w
            on w.server_id = d.server_id and w.pack_name = d.pack_name
        for update of d skip locked
    ), noted as (
        update drift_states d
        set latest_check_id = f.check_id, latest_verdict = 'failed', latest_reason = reason, latest_checked_at = now,
            look_wanted_at = look_still_wanted(d.look_wanted_at, f.started_at, true)
        from free f where d.server_id = f.server_id and d.pack_name = f.pack_name)
    select array_agg(distinct w.job_id) into checked from written w where counts_as_failing;
    for ended in
        select j.server_id, j.job_id, j.last_error from jobs j
        where j.job_id = any(checked) order by j.server_id, j.job_id
    loop
        perform note_look(ended.server_id, reason, ended.last_error, null, ended.job_id);
    end loop;
end
$$;
comment on function jobs_ended(bigint[], text, boolean) is
    'For jobs that ended without their handler: stores a failed check for each pack of their servers, and, if counts_as_failing, adds one to the failing streaks.';
