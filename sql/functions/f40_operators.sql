-- What operators call, from psql or the command line. Each function writes audit_log, under a name that acting_as allows.
-- None takes a job from a worker that holds it.

create or replace function refuse(message text, hint text default null) returns void
language plpgsql
as $$
begin
    if hint is null then
        raise exception '%', message using errcode = 'DW001';
    end if;
    raise exception '%', message using errcode = 'DW001', hint = hint;
end
$$;
comment on function refuse(text, text) is 'Raises SQLSTATE DW001: the operator asked for something that cannot be done.';

-- The same words as in the command line (UnknownName.swift).
create or replace function unknown_name(kind text, name text) returns table (refusal text, hint text)
language sql immutable
as $$
    select format('there is no %s %s', kind, name),
           format('driftwatch %s list%s shows them all',
                  case kind when 'server' then 'servers' when 'alert' then 'alerts' when 'job' then 'jobs'
                            when 'waiver' then 'waivers'
                            when 'dead message' then 'outbox' else kind end,
                  case kind when 'dead message' then ' --dead' when 'alert' then ' --all' when 'waiver' then ' --all' else '' end)
$$;
comment on function unknown_name(text, text) is 'What to say of a server, alert, job, queue, waiver, dead message or destination that does not exist.';

create or replace function refuse_unknown(kind text, name text) returns void
language sql
as $$ select refuse(u.refusal, u.hint) from unknown_name(kind, name) u $$;
comment on function refuse_unknown(text, text) is 'Raises SQLSTATE DW001: the operator named something that does not exist.';

-- A check outside the schedule. A server has at most one at a time. Asking again makes that one start sooner, even during
-- a backoff, and moves it to the server's current queue.
create or replace function enqueue_now(server text, urgency smallint, actor text, repeats bigint) returns bigint
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    job bigint;
begin
    insert into jobs (queue, kind, server_id, priority, run_at, retry_of, requested_by, created_at)
    values (queue_of(server), 'drift_check', server, urgency, clock(), repeats, actor, clock())
    on conflict (kind, server_id) where slot_at is null and finished_at is null
    do update
    set priority = least(jobs.priority, excluded.priority),
        queue = case jobs.state when 'running' then jobs.queue else excluded.queue end,
        run_at = case jobs.state when 'running' then jobs.run_at else least(jobs.run_at, excluded.run_at) end,
        state = case jobs.state when 'running' then 'running' else 'available' end
    returning job_id into strict job;
    perform pg_notify('driftwatch_jobs', '');
    return job;
end
$$;
comment on function enqueue_now(text, smallint, text, bigint) is
    'Enqueues a check with at least this priority, perhaps to repeat a job that has ended, and returns the job.';

create or replace function why_not_checked(server text) returns table (refusal text, hint text)
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
declare
    watched servers;
    dying bigint;
begin
    select * into watched from servers s where s.server_id = server;
    if not found or watched.removed_at is not null then
        return query select * from unknown_name('server', server);
    elsif not watched.drift_detection_enabled then
        return query select format('drift detection of %s is off in the inventory', server),
            'set drift_detection: true in the inventory and run driftwatch apply';
    elsif on_hold(watched.disabled_at, watched.disabled_until) then
        return query select
            format('drift detection of %s is disabled by %s: %s', server, watched.disabled_by, watched.disabled_reason),
            format('driftwatch servers enable %s', server);
    elsif not server_is_eligible(server) then
        return query select format('%s has no packs to check it against', server),
            'assign packs in the inventory and run driftwatch apply';
    else
        -- The server can have no second one, and what this one finds will be lost.
        select j.job_id into dying from jobs j
        where j.server_id = server and j.slot_at is null and j.state = 'running' and j.cancel_requested_at is not null;
        if found then
            return query select format('the check of %s that is running, job %s, is being cancelled', server, dying),
                'ask again in a moment';
        end if;
    end if;
end
$$;
comment on function why_not_checked(text) is 'Why a server cannot be checked now, and what to do about it. No row if it can.';

create or replace function enqueue_check(server_id text, actor text default session_user) returns bigint
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    answer record;
begin
    select * into strict answer from enqueue_checks(array[server_id], acting_as(actor));
    if answer.refusal is not null then
        perform refuse(answer.refusal, answer.hint);
    end if;
    return answer.job_id;
end
$$;
comment on function enqueue_check(text, text) is
    'Asks for a check of a server now, and returns the job. If a check is already waiting, it starts sooner and is returned.';

-- If one server is refused, the others are still checked.
create or replace function enqueue_checks(server_ids text[], actor text default session_user)
returns table (server_id text, job_id bigint, refusal text, hint text)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
begin
    actor := acting_as(actor);
    -- In a fixed order, so that two callers cannot deadlock.
    for server_id in select distinct s from unnest(server_ids) s order by s loop
        job_id := null;
        select w.refusal, w.hint into refusal, hint from why_not_checked(server_id) w;
        if not found then
            job_id := enqueue_now(server_id, 10::smallint, actor, null);
            perform write_audit(actor, 'enqueue_check', 'server ' || server_id, jsonb_build_object('job_id', job_id));
        end if;
        return next;
    end loop;
end
$$;
comment on function enqueue_checks(text[], text) is
    'Asks for checks of many servers now. One row per server: the job, or why it was refused and what to do.';

create or replace function acknowledge_alert(
    alert_id bigint, comment text default null, until timestamptz default null, actor text default session_user
) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    held alerts;
    said jsonb := jsonb_strip_nulls(jsonb_build_object('comment', comment, 'until', rfc3339(until)));
begin
    actor := acting_as(actor);
    if until <= clock() then
        perform refuse(format('%s is in the past', until), 'give a later time, or none');
    end if;
    held := lock_alert(alert_id);
    if held.status = 'resolved' then
        perform refuse(format('alert %s is resolved already', alert_id));
    end if;
    update alerts a
    set status = 'acknowledged', acknowledged_at = clock(), acknowledged_by = actor, acknowledged_until = until
    where a.alert_id = acknowledge_alert.alert_id;
    perform owe_notification(
        alert_id, add_alert_event(alert_id, 'acknowledged', actor, said), 'alert_acknowledged',
        jsonb_build_object('actor', actor, 'comment', comment, 'failing', last_failing(alert_id)));
    perform write_audit(actor, 'acknowledge_alert', 'alert ' || alert_id, said);
end
$$;
comment on function acknowledge_alert(bigint, text, timestamptz, text) is
    'Records that a person has seen an alert, until a time or until something is added to it. It still resolves by itself.';

create or replace function resolve_alert(alert_id bigint, comment text default null, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    held alerts;
begin
    actor := acting_as(actor);
    held := lock_alert(alert_id);
    if held.status = 'resolved' then
        perform refuse(format('alert %s is resolved already', alert_id));
    end if;
    perform close_alert(alert_id, 'manual', actor, comment);
    perform write_audit(actor, 'resolve_alert', 'alert ' || alert_id, jsonb_strip_nulls(jsonb_build_object('comment', comment)));
end
$$;
comment on function resolve_alert(bigint, text, text) is
    'Resolves an alert by hand. What it is about stays known: a new alert opens only if another item is found, or, if the server cannot be checked, once it could be in between.';

-- Locks the drift state first, or the server if the alert has no pack, as a worker does, then the alert.
create or replace function lock_alert(alert_id bigint) returns alerts
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    held alerts;
begin
    select * into held from alerts a where a.alert_id = lock_alert.alert_id;
    if not found then
        perform refuse_unknown('alert', alert_id::text);
    end if;
    if held.pack_name is null then
        perform from servers s where s.server_id = held.server_id for no key update;
    else
        perform from drift_states d where d.server_id = held.server_id and d.pack_name = held.pack_name for update;
    end if;
    select * into held from alerts a where a.alert_id = lock_alert.alert_id for update;
    return held;
end
$$;
comment on function lock_alert(bigint) is 'Locks an alert in the lock order. Refuses if there is none.';

create or replace function disable_drift_detection(
    server_id text, reason text, until timestamptz default null, actor text default session_user
) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
begin
    actor := acting_as(actor);
    if coalesce(btrim(reason), '') = '' then
        perform refuse('disabling a server needs a reason', 'give a reason, for the next person who wonders');
    elsif until <= clock() then
        perform refuse(format('%s is in the past', until), 'give a later time, or none');
    end if;
    update servers s
    set disabled_at = clock(), disabled_by = actor, disabled_reason = reason, disabled_until = until
    where s.server_id = disable_drift_detection.server_id and s.removed_at is null;
    if not found then
        perform refuse_unknown('server', server_id);
    end if;
    perform stop_watching(server_id, null, 'disabled', actor, reason);
    perform write_audit(actor, 'disable_drift_detection', 'server ' || server_id,
        jsonb_strip_nulls(jsonb_build_object('reason', reason, 'until', until)));
end
$$;
comment on function disable_drift_detection(text, text, timestamptz, text) is
    'Disables a server: it is not checked, and its alerts are resolved as disabled.';

create or replace function enable_drift_detection(server_id text, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
begin
    actor := acting_as(actor);
    perform from servers s
    where s.server_id = enable_drift_detection.server_id and s.removed_at is null for update;
    if not found then
        perform refuse_unknown('server', server_id);
    end if;
    perform lift_hold(server_id);
    perform write_audit(actor, 'enable_drift_detection', 'server ' || server_id);
    -- This creates a job and waits for none, so it may follow the lock on the server's row.
    perform enqueue_looks(array[server_id], null, actor);
end
$$;
comment on function enable_drift_detection(text, text) is 'Enables a server that an operator disabled, and asks for a check. drift_detection in the inventory still applies.';

create or replace function redrive_outbox(outbox_id bigint, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    dead outbox;
    again bigint[];
begin
    actor := acting_as(actor);
    select * into dead from outbox o where o.outbox_id = redrive_outbox.outbox_id;
    -- The same lock as in claim_outbox, so that no message of this alert is sent at the same time.
    perform from destinations d where d.destination = dead.destination for update;
    if not found and dead.state = 'dead' then
        perform refuse(format('the destination of message %s, %s, was removed', outbox_id, dead.destination));
    end if;
    with redriven as (
        update outbox o
        set state = 'pending', attempt = 0, doubtful_attempts = 0, plain = false, not_before = clock(), created_at = clock(),
            lease_token = null
        where o.message_id = dead.message_id and o.destination = dead.destination and o.state = 'dead'
          and not exists (
            select from outbox later
            where later.alert_id = o.alert_id and later.destination = o.destination and later.seq > o.seq
              and later.state in ('sending', 'sent'))
        returning o.outbox_id)
    select array_agg(r.outbox_id) into again from redriven r;
    if redrive_outbox.outbox_id = any(again) is not true then
        perform refuse(format('message %s is out of date: a later message of alert %s has been sent', outbox_id, dead.alert_id),
            format('driftwatch alerts show %s shows the alert as it is now', dead.alert_id))
        from outbox o where o.outbox_id = redrive_outbox.outbox_id and o.state = 'dead';
        perform refuse_unknown('dead message', outbox_id::text);
    end if;
    perform write_audit(actor, 'redrive_outbox', 'message ' || outbox_id);
    perform pg_notify('driftwatch_outbox', '');
end
$$;
comment on function redrive_outbox(bigint, text) is
    'Queues a dead notification again, with those that went out in the same message. Refused if a later message of its alert has been sent: people would read old news as new.';

create or replace function resume_destination(destination text, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
begin
    actor := acting_as(actor);
    update destinations d
    set paused_at = null, paused_reason = null, next_probe_at = null, failures = 0, next_send_at = clock(),
        held_at = null, held_by = null, held_reason = null
    where d.destination = resume_destination.destination;
    if not found then
        perform refuse_unknown('destination', destination);
    end if;
    perform write_audit(actor, 'resume_destination', 'destination ' || destination);
    perform pg_notify('driftwatch_outbox', '');
end
$$;
comment on function resume_destination(text, text) is 'Ends the pause of a destination, whoever paused it, or its wait before the next attempt.';
