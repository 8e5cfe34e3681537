-- What operators do with jobs, queues and schedules. As in f40_operators.sql, each function writes audit_log, under a name
-- that acting_as allows, and none takes a job from the worker that holds it.

-- A server has at most one live job besides those of slots. If there is one already, it does what the retry would do, so it
-- starts sooner and is returned.
create or replace function retry_job(job_id bigint, actor text default session_user) returns bigint
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    ended jobs;
    why record;
    made bigint;
begin
    actor := acting_as(actor);
    select * into ended from jobs j where j.job_id = retry_job.job_id;
    if not found then
        perform refuse_unknown('job', job_id::text);
    elsif ended.finished_at is null then
        perform refuse(format('job %s has not ended: it is %s', job_id, ended.state),
            format('driftwatch jobs show %s says what it waits for', job_id));
    end if;
    select * into why from why_not_checked(ended.server_id);
    if found then
        perform refuse(format('job %s cannot be repeated: %s', job_id, why.refusal), why.hint);
    end if;
    made := enqueue_now(ended.server_id, 10::smallint, actor, job_id);
    perform write_audit(actor, 'retry_job', 'job ' || job_id, jsonb_build_object('job_id', made));
    return made;
end
$$;
comment on function retry_job(bigint, text) is
    'Makes a new job that repeats one that has ended, and returns it. If another check of the server already waits, that one starts sooner and is returned.';

create or replace function cancel_job(job_id bigint, actor text default session_user) returns text
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    now constant timestamptz := clock();
    held jobs;
begin
    actor := acting_as(actor);
    -- A worker may be settling it: wait for the end of that.
    select * into held from jobs j where j.job_id = cancel_job.job_id for update;
    if not found then
        perform refuse_unknown('job', job_id::text);
    elsif held.finished_at is not null then
        perform refuse(format('job %s has ended already: it is %s', job_id, held.state),
            format('driftwatch jobs show %s shows how', job_id));
    elsif held.cancel_requested_at is not null then
        perform refuse(format('job %s is being cancelled already, since %s', job_id, rfc3339(held.cancel_requested_at)),
            'its worker stops it at the next renewal of its lease, within 20 s; if the worker is lost, another one ends the job');
    end if;
    perform write_audit(actor, 'cancel_job', 'job ' || job_id, jsonb_build_object('state', held.state));
    if held.state = 'running' then
        update jobs j set cancel_requested_at = now where j.job_id = cancel_job.job_id;
        return 'running';
    end if;
    update jobs j
    set state = 'cancelled', cancel_requested_at = now, finished_at = now, last_error = 'cancelled by ' || actor
    where j.job_id = cancel_job.job_id;
    perform jobs_ended(array[job_id], 'cancelled', false);
    return 'cancelled';
end
$$;
comment on function cancel_job(bigint, text) is
    'Cancels a waiting job at once. Asks the worker of a running one to stop, which it does at the next renewal of its lease. Returns the job''s state: cancelled or running.';

-- A misspelt name would stop nothing, so a queue that nobody uses is refused.
create or replace function pause_queue(queue text, reason text, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    held queues;
begin
    actor := acting_as(actor);
    if coalesce(btrim(reason), '') = '' then
        perform refuse('a pause needs a reason', 'give a reason, for the next person who wonders');
    elsif not exists (select from queue_health q where q.queue = pause_queue.queue) then
        perform refuse_unknown('queue', queue);
    end if;
    insert into queues as q (queue, paused_at, paused_by, paused_reason) values (queue, clock(), actor, reason)
    on conflict on constraint queues_pkey do update
    set paused_at = excluded.paused_at, paused_by = excluded.paused_by, paused_reason = excluded.paused_reason
    where q.paused_at is null;
    if not found then
        select * into held from queues q where q.queue = pause_queue.queue;
        perform refuse(
            format('the queue %s is paused already, since %s by %s: %s', queue, rfc3339(held.paused_at), held.paused_by,
                held.paused_reason),
            format('driftwatch queue resume %s', queue));
    end if;
    perform write_audit(actor, 'pause_queue', 'queue ' || queue, jsonb_build_object('reason', reason));
end
$$;
comment on function pause_queue(text, text, text) is
    'Stops workers from claiming jobs of a queue. Jobs that are running go on.';

create or replace function resume_queue(queue text, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
begin
    actor := acting_as(actor);
    update queues q set paused_at = null, paused_by = null, paused_reason = null
    where q.queue = resume_queue.queue and q.paused_at is not null;
    if not found then
        perform refuse(format('the queue %s is not paused', queue), 'driftwatch queue list shows which are');
    end if;
    perform write_audit(actor, 'resume_queue', 'queue ' || queue);
    perform pg_notify('driftwatch_jobs', '');
end
$$;
comment on function resume_queue(text, text) is 'Ends the pause of a queue.';

create or replace function pause_schedule(schedule text, reason text, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    held schedules;
begin
    actor := acting_as(actor);
    if coalesce(btrim(reason), '') = '' then
        perform refuse('a pause needs a reason', 'give a reason, for the next person who wonders');
    end if;
    held := lock_schedule(schedule);
    if held.paused_at is not null then
        perform refuse(
            format('the schedule is paused already, since %s by %s: %s', rfc3339(held.paused_at), held.paused_by,
                held.paused_reason),
            'driftwatch schedule resume');
    end if;
    update schedules s set paused_at = clock(), paused_by = actor, paused_reason = reason
    where s.schedule_name = schedule;
    perform write_audit(actor, 'pause_schedule', 'schedule ' || schedule, jsonb_build_object('reason', reason));
end
$$;
comment on function pause_schedule(text, text, text) is
    'Stops a schedule: the slots that come due are skipped. Jobs that exist go on, and checks that people ask for are made.';

-- If the last slot that came due was skipped for a pause, it is due again. The scheduler fires it if it is less than 12 hours
-- old, as after any other interruption.
create or replace function resume_schedule(schedule text, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    held schedules;
begin
    actor := acting_as(actor);
    held := lock_schedule(schedule);
    if held.paused_at is null then
        perform refuse('the schedule is not paused', 'driftwatch schedule show');
    end if;
    update schedules s set paused_at = null, paused_by = null, paused_reason = null where s.schedule_name = schedule;
    update schedules s
    set next_slot_at = s.last_due_at, following_slot_at = s.next_slot_at, last_due_at = s.due_before_last_at
    from slots k
    where s.schedule_name = schedule and k.schedule_name = schedule and k.slot_at = s.last_due_at
      and k.skipped = 'paused'
      and coalesce(s.next_slot_at > clock(), true);
    perform write_audit(actor, 'resume_schedule', 'schedule ' || schedule);
end
$$;
comment on function resume_schedule(text, text) is
    'Ends the pause of a schedule. Of the slots that were skipped, the last one fires if it is less than 12 hours old.';

create or replace function lock_schedule(schedule text) returns schedules
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    held schedules;
begin
    select * into held from schedules s where s.schedule_name = schedule for update;
    if not found then
        perform refuse('there is no schedule yet', 'the first scheduler creates it; or set one: driftwatch schedule set "0 6 * * *"');
    end if;
    return held;
end
$$;
comment on function lock_schedule(text) is 'Locks and returns a schedule. Refuses if there is none.';

-- Null keeps a value as it is. The next slot is computed anew in any case, from the moment of the call.
create or replace function set_schedule(
    schedule text, new_cron text, new_time_zone text, new_spread interval default null, actor text default session_user
) returns boolean
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    now constant timestamptz := clock();
    held schedules;
    changed boolean;
begin
    actor := acting_as(actor);
    if new_spread < interval '0' then
        perform refuse('a spread cannot be negative', 'give a span such as 10 minutes, or 0');
    end if;
    if new_cron is not null then
        insert into schedules (schedule_name, cron, time_zone, spread, updated_at)
        values (schedule, new_cron, coalesce(new_time_zone, 'UTC'), coalesce(new_spread, interval '0'), now)
        on conflict (schedule_name) do nothing;
    end if;
    changed := found;
    if not changed then
        held := lock_schedule(schedule);
        changed := (held.cron, held.time_zone, held.spread)
            is distinct from (coalesce(new_cron, held.cron), coalesce(new_time_zone, held.time_zone),
                              coalesce(new_spread, held.spread));
        update schedules s
        set cron = coalesce(new_cron, s.cron), time_zone = coalesce(new_time_zone, s.time_zone),
            spread = coalesce(new_spread, s.spread), updated_at = now,
            -- A slot that is already due still fires.
            next_slot_at = case when s.next_slot_at <= now then s.next_slot_at end,
            following_slot_at = null
        where s.schedule_name = schedule;
    end if;
    if changed then
        perform write_audit(actor, 'set_schedule', 'schedule ' || schedule,
            (select jsonb_build_object('cron', s.cron, 'time_zone', s.time_zone, 'spread', s.spread::text)
             from schedules s where s.schedule_name = schedule));
    end if;
    return changed;
end
$$;
comment on function set_schedule(text, text, text, interval, text) is
    'Sets when checks are due, and over what time their starts are spread; true if that changed anything. Null keeps a value. A scheduler computes the next slot.';
