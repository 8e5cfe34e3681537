-- How history ends. The scheduler calls these functions in rounds. Each call is a short transaction over one batch of old
-- rows, oldest first. Any number of schedulers may call them at the same time: a row that somebody has locked waits for the
-- next round.
--
-- What a state, an unresolved alert or an unsent message stands on is kept, however old it is. All other history may go:
-- states, alerts and messages hold copies of what they need, and every reader copes with a check or a job that is gone.

-- A round starts at the oldest check, and each call goes on where the one before ended, so that a round reads the checks that
-- it keeps only once. last_at and last_id are null when no older check is left.
--
-- The details are locked first, and a check stays for now if its details are locked by somebody else. A worker that stores a
-- check with the same details either has that lock already, or waits for ours, finds the details gone, and stores them again.
create or replace function forget_checks(
    keep interval, after_at timestamptz default '-infinity', after_id bigint default 0, max_rows integer default 1000,
    out forgotten integer, out last_at timestamptz, out last_id bigint
)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    old bigint[];
    held check_details[];
begin
    select array_agg(o.check_id), max(o.checked_at), (array_agg(o.check_id order by o.checked_at desc, o.check_id desc))[1]
    into old, last_at, last_id
    from (select c.check_id, c.checked_at from checks c
          where c.checked_at >= after_at and c.checked_at < (select clock()) - keep
            and (c.checked_at, c.check_id) > (after_at, after_id)
          order by c.checked_at, c.check_id
          limit max_rows) o;

    held := array(
        select row(d.server_id, d.pack_name, d.fingerprint, null)::check_details from check_details d
        where (d.server_id, d.pack_name, d.fingerprint) in (
            select c.server_id, c.pack_name, c.fingerprint from checks c where c.check_id = any(old))
        for update skip locked);

    with unneeded as (
        select c.check_id from checks c
        where c.check_id = any(old)
          and ((c.server_id, c.pack_name, c.fingerprint) in (
                   select h.server_id, h.pack_name, h.fingerprint from unnest(held) h)
               -- It has none, or they are gone.
               or not exists (
                   select from check_details d
                   where d.server_id = c.server_id and d.pack_name = c.pack_name and d.fingerprint = c.fingerprint))
          -- The last check that counted, and the newest one, whatever its verdict.
          and not exists (
            select from drift_states d
            where d.server_id = c.server_id and d.pack_name = c.pack_name
              and c.check_id in (d.last_check_id, d.latest_check_id))
          -- A check that found what is wrong now.
          and not exists (
            select from mismatches m
            where m.server_id = c.server_id and m.pack_name = c.pack_name and m.check_id = c.check_id)
          and not exists (
            select from alerts a
            where a.server_id = c.server_id and a.pack_name = c.pack_name and a.status <> 'resolved'
              and a.check_id = c.check_id)
          and not exists (
            select from outbox o
            where o.state in ('pending', 'sending', 'dead') and (o.payload ->> 'check_id')::bigint = c.check_id)
        for update of c skip locked)
    delete from checks c using unneeded where c.check_id = unneeded.check_id;
    get diagnostics forgotten = row_count;

    delete from check_details d
    using unnest(held) h
    where d.server_id = h.server_id and d.pack_name = h.pack_name and d.fingerprint = h.fingerprint
      and not exists (
        select from checks c
        where c.server_id = d.server_id and c.pack_name = d.pack_name and c.fingerprint = d.fingerprint);
end
$$;
comment on function forget_checks(interval, timestamptz, bigint, integer) is
    'Deletes checks that are older than this and not needed any more, and details without a check. Looks at one batch after the given check, and returns the last one that it looked at: null at the end.';

-- With its attempts. A finished job decides nothing any more.
create or replace function forget_jobs(keep interval, max_rows integer default 1000) returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    forgotten integer;
begin
    with old as (
        select j.job_id from jobs j
        where j.finished_at < (select clock()) - keep
        order by j.finished_at
        limit max_rows
        for update skip locked),
    attempts as (delete from job_attempts a using old where a.job_id = old.job_id)
    delete from jobs j using old where j.job_id = old.job_id;
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;
comment on function forget_jobs(interval, integer) is 'Deletes a batch of jobs that finished longer ago than this, with their attempts.';

-- With their events and messages. Somebody may just be queuing a dead message again, so the messages are locked before the
-- question whether one is unsent is asked again.
create or replace function forget_alerts(keep interval, max_rows integer default 1000) returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    old bigint[];
begin
    old := array(
        select a.alert_id from alerts a
        where a.resolved_at < (select clock()) - keep
          and not exists (
            select from outbox o where o.alert_id = a.alert_id and o.state in ('pending', 'sending'))
        order by a.resolved_at
        limit max_rows
        for update skip locked);
    perform from outbox o where o.alert_id = any(old) order by o.outbox_id for update;
    old := array(
        select a from unnest(old) a
        where not exists (select from outbox o where o.alert_id = a and o.state in ('pending', 'sending')));
    delete from outbox o where o.alert_id = any(old);
    delete from alert_parents p where p.alert_id = any(old);
    delete from alert_events e where e.alert_id = any(old);
    delete from alerts a where a.alert_id = any(old);
    return cardinality(old);
end
$$;
comment on function forget_alerts(interval, integer) is
    'Deletes a batch of alerts that were resolved longer ago than this and whose messages are sent or dead, with their events and messages.';

create or replace function forget_records(keep interval, max_rows integer default 1000) returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    entries integer;
    old_slots integer;
    versions integer;
    removed integer;
    reports integer;
begin
    with old as (
        select l.audit_id from audit_log l where l.at < (select clock()) - keep
        order by l.at limit max_rows for update skip locked)
    delete from audit_log l using old where l.audit_id = old.audit_id;
    get diagnostics entries = row_count;

    with old as (
        select s.schedule_name, s.slot_at from slots s
        where s.slot_at < (select clock()) - keep and s.completed_at is not null
        order by s.slot_at limit max_rows for update skip locked)
    delete from slots s using old where s.schedule_name = old.schedule_name and s.slot_at = old.slot_at;
    get diagnostics old_slots = row_count;

    with old as (
        select v.pack_name, v.digest from pack_versions v
        where v.replaced_at < (select clock()) - keep
        order by v.replaced_at limit max_rows for update skip locked)
    delete from pack_versions v using old where v.pack_name = old.pack_name and v.digest = old.digest;
    get diagnostics versions = row_count;

    with old as (
        select o.outbox_id from outbox o
        where o.alert_id is null and o.state in ('sent', 'dead') and o.created_at < (select clock()) - keep
        order by o.created_at limit max_rows for update skip locked)
    delete from outbox o using old where o.outbox_id = old.outbox_id;
    get diagnostics reports = row_count;
    delete from digests d where d.slot_at < (select clock()) - keep and d.slot_at < (select max(slot_at) from digests);

    with old as (
        select s.server_id from servers s
        where s.removed_at < (select clock()) - keep
          and not exists (select from checks c where c.server_id = s.server_id)
          and not exists (select from jobs j where j.server_id = s.server_id)
          and not exists (select from alerts a where a.server_id = s.server_id)
        order by s.removed_at limit max_rows for update skip locked)
    delete from servers s using old where s.server_id = old.server_id;
    get diagnostics removed = row_count;

    return greatest(entries, old_slots, versions, reports, removed);
end
$$;
comment on function forget_records(interval, integer) is
    'Deletes a batch of what else is older than this: audit entries, complete slots, replaced versions of packs, reminders and digests, and removed servers of which nothing is left. Returns the size of the largest batch.';
