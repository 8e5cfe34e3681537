-- What to do when the database's clock has gone back: it ran ahead and was corrected, or another host took over whose clock
-- is behind. Times that were stored before then lie in the future. They would hold up what waits for them, and make what is
-- younger look older than it is.

-- Cheap enough for every start of a scheduler: rows that change all the time, and small tables.
create or replace function times_ahead() returns boolean
language sql volatile security definer set search_path = driftwatch, pg_temp
as $$
    select exists (select from schedules s where greatest(s.updated_at, s.last_due_at) > clock() + interval '1 second')
        or exists (select from workers w where w.last_seen_at > clock() + interval '1 second')
        or exists (select from drift_states d
                   where greatest(d.last_started_at, d.look_wanted_at) > (select clock()) + interval '1 second')
$$;
comment on function times_ahead() is 'Whether stored times lie in the future that cannot: the clock has gone back.';

-- Goes by the catalogue, so that no column is forgotten. Logs of what people did stay as they were written, and so do times
-- that may lie ahead; correct_waits corrects those. Rows that somebody has locked are left for the next call: this must not
-- wait for a worker, which may wait for another row.
create or replace function correct_past_times() returns table (place text, corrected bigint)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    now constant timestamptz := clock();
    held record;
begin
    for held in
        select c.oid::regclass as name,
               string_agg(format('%1$I = case when t.%1$I > $1 then $1 else t.%1$I end', a.attname), ', ') as clamped,
               string_agg(format('t.%I > $1 + interval ''1 second''', a.attname), ' or ') as ahead
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.atttypid = 'timestamptz'::regtype
        where c.relnamespace = 'driftwatch'::regnamespace and c.relkind = 'r'
          and c.relname not in ('audit_log', 'alert_events', 'schema_migrations')
          and not may_lie_ahead(c.relname, a.attname)
        group by c.oid
        order by c.relname
    loop
        execute format(
            'with late as (select t.ctid from %1$s t where %3$s for update skip locked)
             update %1$s t set %2$s from late where t.ctid = late.ctid', held.name, held.clamped, held.ahead)
        using now;
        get diagnostics corrected = row_count;
        place := held.name;
        return next;
    end loop;
end
$$;
comment on function correct_past_times() is
    'Sets times of what has happened that lie in the future to now, and returns how many rows of which table it corrected.';

create or replace function may_lie_ahead(table_name name, column_name name) returns boolean
language sql immutable
as $$
    select (table_name, column_name) in (
        ('schedules', 'next_slot_at'), ('schedules', 'following_slot_at'), ('schedules', 'last_slot_at'),
        ('schedules', 'last_due_at'), ('schedules', 'due_before_last_at'), ('slots', 'slot_at'), ('checks', 'slot_at'),
        ('jobs', 'slot_at'), ('jobs', 'run_at'), ('jobs', 'lease_expires_at'), ('jobs', 'deadline_at'),
        ('servers', 'disabled_until'), ('mutes', 'starts_at'), ('mutes', 'ends_at'), ('alerts', 'acknowledged_until'), ('destinations', 'next_send_at'), ('destinations', 'next_probe_at'),
        ('destinations', 'lease_expires_at'), ('outbox', 'not_before'), ('digests', 'slot_at'), ('slots', 'heartbeat_due_at'), ('outbox', 'lease_expires_at'))
$$;
comment on function may_lie_ahead(name, name) is 'Whether a column of a table holds times that may lie in the future.';

-- Each wait keeps its length, counted from now, as far as the row says when it began. Otherwise one that is longer than any
-- wait can be ends now. To be called before correct_past_times, which sets the beginnings to now.
create or replace function correct_waits() returns table (place text, corrected bigint)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    ahead constant timestamptz := now + interval '1 second';
begin
    with late as (
        select j.job_id,
               case when j.state in ('scheduled', 'retryable') then j.run_at - greatest(j.created_at, j.claimed_at)
                    else interval '0' end as wait
        from jobs j
        where j.run_at > ahead
          and (j.state not in ('scheduled', 'retryable') or greatest(j.created_at, j.claimed_at) > ahead)
        for update skip locked)
    update jobs j set run_at = now + late.wait from late where j.job_id = late.job_id;
    get diagnostics corrected = row_count;
    place := 'starts of jobs';
    return next;

    -- A worker that is alive renews within 20 s.
    with late as (
        select j.job_id from jobs j
        where j.state = 'running' and (j.claimed_at > ahead or j.lease_expires_at > now + interval '90 seconds')
        for update skip locked)
    update jobs j
    set lease_expires_at = least(j.lease_expires_at, now + interval '60 seconds'),
        deadline_at = case when j.claimed_at > ahead then now + (j.deadline_at - j.claimed_at) else j.deadline_at end
    from late where j.job_id = late.job_id;
    get diagnostics corrected = row_count;
    place := 'jobs that run';
    return next;

    with late as (
        select s.server_id from servers s where s.disabled_at > ahead and s.disabled_until > ahead for update skip locked)
    update servers s set disabled_until = now + (s.disabled_until - s.disabled_at)
    from late where s.server_id = late.server_id;
    get diagnostics corrected = row_count;
    place := 'holds';
    return next;

    -- The longest waits: Retry-After of a day, 15 minutes between probes, 5 minutes between attempts.
    with late as (
        select d.destination from destinations d
        where d.next_send_at > now + interval '1 day' or d.next_probe_at > now + interval '15 minutes'
           or d.lease_expires_at > now + interval '5 minutes'
        for update skip locked)
    update destinations d
    set next_send_at = case when d.next_send_at > now + interval '1 day' then now else d.next_send_at end,
        next_probe_at = case when d.next_probe_at > now + interval '15 minutes' then now else d.next_probe_at end,
        lease_expires_at = case when d.lease_expires_at > now + interval '5 minutes' then now else d.lease_expires_at end
    from late where d.destination = late.destination;
    get diagnostics corrected = row_count;
    place := 'destinations';
    return next;

    with late as (
        select o.outbox_id from outbox o
        where o.state in ('pending', 'sending')
          and (o.not_before > now + interval '5 minutes' or o.lease_expires_at > now + interval '5 minutes')
        for update skip locked)
    update outbox o
    set not_before = case when o.not_before > now + interval '5 minutes' then now else o.not_before end,
        lease_expires_at = case when o.lease_expires_at > now + interval '5 minutes' then now else o.lease_expires_at end
    from late where o.outbox_id = late.outbox_id;
    get diagnostics corrected = row_count;
    place := 'messages';
    return next;
end
$$;
comment on function correct_waits() is
    'Shortens waits that end too far in the future, and returns how many of which kind it corrected.';

-- A schedule that has fired slots of the future goes back to the present. Slots that will come due again become free: after a
-- small step back they are near, and a slot that fired a moment ago does not fire twice.
create or replace function correct_schedules() returns table (place text, corrected bigint)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    far constant timestamptz := now + interval '12 hours';
    ended record;
    gone bigint[];
begin
    for ended in
        select s.schedule_name from schedules s
        where greatest(s.updated_at, s.last_due_at) > now + interval '1 second'
        order by s.schedule_name for update
    loop
        -- A server has one job per slot. The microseconds keep several jobs of one server apart.
        with ahead as (
            select j.job_id, j.finished_at is null and j.state <> 'running' as waits from jobs j
            where j.schedule_name = ended.schedule_name and j.slot_at > far
            for update
        ), moved as (
            update jobs j
            set slot_at = now - (j.job_id % 1000000) * interval '1 microsecond',
                state = case when a.waits then 'cancelled' else j.state end,
                finished_at = case when a.waits then now else j.finished_at end,
                last_error = case when a.waits then 'its slot lies in the future: the clock went back' else j.last_error end
            from ahead a where j.job_id = a.job_id)
        select array_agg(a.job_id) filter (where a.waits) into gone from ahead a;
        perform jobs_ended(gone, 'superseded', false);
        delete from slots k
        where k.schedule_name = ended.schedule_name and (k.slot_at > far or k.slot_at > now and k.skipped is not null);
        update schedules s
        set updated_at = least(s.updated_at, now), next_slot_at = null, following_slot_at = null,
            last_slot_at = (select max(k.slot_at) from slots k
                            where k.schedule_name = s.schedule_name and k.slot_at <= now and k.skipped is null),
            last_due_at = (select max(k.slot_at) from slots k
                           where k.schedule_name = s.schedule_name and k.slot_at <= now),
            due_before_last_at = (select k.slot_at from slots k
                                  where k.schedule_name = s.schedule_name and k.slot_at <= now
                                  order by k.slot_at desc offset 1 limit 1)
        where s.schedule_name = ended.schedule_name;
        corrected := 1;
        place := 'schedule ' || ended.schedule_name;
        return next;
    end loop;
end
$$;
comment on function correct_schedules() is
    'Brings schedules whose last slots lie in the future back to the present, and returns them. A scheduler computes the next slot.';

-- The schedulers call this while they have reason to.
create or replace function correct_times() returns table (place text, corrected bigint)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    found_ahead jsonb := '{}';
begin
    -- Jobs first: others wait for the rest while they hold a job.
    for place, corrected in
        select * from correct_schedules() union all select * from correct_waits() union all select * from correct_past_times()
    loop
        if corrected > 0 then
            found_ahead := found_ahead || jsonb_build_object(place, corrected);
            return next;
        end if;
    end loop;
    if found_ahead <> '{}' then
        perform write_audit('driftwatch', 'correct_times', 'clock', found_ahead);
    end if;
end
$$;
comment on function correct_times() is
    'Corrects stored times that lie in the future and cannot, after the database''s clock has gone back. Returns how many rows of what.';
