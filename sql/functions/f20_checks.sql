-- What a worker writes about a server. Every function here runs inside the transaction that settle_job began.
-- Lock order everywhere: job, server, drift states by pack, alerts by id, outbox.

-- What is shown of an assignment, everywhere: `compliant` only where all was seen and right.
create or replace function shown_state(state text, unreadable_count integer) returns text
language sql immutable
as $$ select case when state <> 'drifted' and unreadable_count > 0 then 'incomplete' else state end $$;
comment on function shown_state(text, integer) is
    'drifted: something is known to be wrong. incomplete: nothing is, but the last check could not judge all. compliant: all was judged and right. unknown: nothing was judged.';

-- A job reached the server, or (with a reason) did not: its failing streak ends, or grows. The caller holds its row.
create or replace function note_look(server text, failure text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update servers s
    set failing_streak = case when failure is null then 0 else s.failing_streak + 1 end,
        failing_since = case when failure is not null then coalesce(s.failing_since, clock()) end,
        failing_reason = failure
    where s.server_id = server and (failure is not null or s.failing_streak > 0)
$$;
comment on function note_look(text, text) is 'Ends a server''s failing streak, or lengthens it by one and says why.';

-- One failed check per pack for a job that ended without looking; none where nobody is to look at the server any more.
-- The job's row is locked by the caller.
create or replace function write_failed_checks(job bigint, reason text, counts_as_failing boolean) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    server constant text := (select j.server_id from jobs j where j.job_id = job);
begin
    if counts_as_failing then
        perform from servers s where s.server_id = server for no key update;
    end if;
    if not server_is_eligible(server) then
        return;
    end if;
    insert into checks (
        job_id, schedule_name, slot_at, server_id, pack_name, pack_digest, verdict, reason, started_at, checked_at)
    select j.job_id, j.schedule_name, j.slot_at, j.server_id, a.pack_name, p.digest, 'failed', reason, j.claimed_at, now
    from jobs j
    join assignments a on a.server_id = j.server_id
    join packs p on p.pack_name = a.pack_name
    where j.job_id = job and j.kind = 'drift_check'
    order by a.pack_name
    on conflict on constraint one_check_per_job_and_pack do nothing;
    if found and counts_as_failing then
        perform note_look(server, reason);
    end if;
end
$$;
comment on function write_failed_checks(bigint, text, boolean) is
    'Writes a failed check per assigned pack of an eligible server; where it counts, its failing streak grows by one.';

-- Locks a server for the effects of a job and says whether they apply to it as it is now: if not, checks are written
-- as history and nothing else is touched. They do not where it is not eligible any more, or where apply meanwhile said
-- that it is to be looked at elsewhere or as somebody else. Not a share lock: the streak is written under it, and two
-- share locks that both want more would wait for each other.
create or replace function begin_effects(
    server text, failure text, seen_address text, seen_port integer, seen_ssh_user text, seen_config_user text,
    seen_connection text
) returns boolean
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    held servers;
    applies boolean;
begin
    select * into held from servers s where s.server_id = server for no key update;
    applies := server_is_eligible(server)
        and (held.address, held.port, held.ssh_user, held.config_user, held.connection)
            is not distinct from (seen_address, seen_port, seen_ssh_user, seen_config_user, seen_connection);
    if applies then
        perform note_look(server, failure);
    else
        -- What was seen elsewhere, or in spite of a hold, is no look at what there is now.
        perform want_look(server);
    end if;
    return applies;
end
$$;
comment on function begin_effects(text, text, text, integer, text, text, text) is
    'Locks the server, ends its failing streak or, given why it could not be looked at, lengthens it, and tells whether what was seen there still counts.';

-- What is remembered of a server's assignments, each locked, then their live alerts, in the lock order. Packs that
-- are not assigned (any more) are not returned: their checks are history.
create or replace function lock_assignments(server text, packs text[])
returns table (
    pack_name text, digest text, state text, unverified text[], unverified_contents text[],
    last_started_at timestamptz, remembered jsonb, alert_id bigint, alert_mismatch_count integer
)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
begin
    perform from drift_states d
    where d.server_id = server and d.pack_name = any(packs)
    order by d.pack_name for update;
    perform from alerts a
    where a.server_id = server and a.pack_name = any(packs) and a.status <> 'resolved'
    order by a.alert_id for update;
    return query
    select d.pack_name, p.digest, d.state, d.unverified, d.unverified_contents, d.last_started_at,
           coalesce((
               select jsonb_agg(jsonb_build_object('key', m.item_key, 'type', m.type) order by m.item_key, m.type)
               from mismatches m where m.server_id = server and m.pack_name = d.pack_name), '[]'),
           a.alert_id, a.mismatch_count
    from drift_states d
    join packs p on p.pack_name = d.pack_name
    left join alerts a on a.server_id = d.server_id and a.pack_name = d.pack_name
        and a.alert_type = 'config_drift' and a.status <> 'resolved'
    where d.server_id = server and d.pack_name = any(packs)
    order by d.pack_name;
end
$$;
comment on function lock_assignments(text, text[]) is 'Locks and returns what is remembered of a server''s packs.';

-- Writes a check and, once per fingerprint, its details.
create or replace function record_check(
    job bigint, server text, pack text, digest text, verdict text, reason text, ok_count integer,
    mismatch_count integer, unreadable_count integer, fingerprint text, items jsonb, started_at timestamptz,
    duration_ms integer
) returns bigint
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    id bigint;
begin
    insert into checks (
        job_id, schedule_name, slot_at, server_id, pack_name, pack_digest, verdict, reason, item_count, ok_count,
        mismatch_count, unreadable_count, fingerprint, started_at, checked_at, duration_ms)
    select j.job_id, j.schedule_name, j.slot_at, server, pack, digest, record_check.verdict, record_check.reason,
           record_check.ok_count + record_check.mismatch_count + record_check.unreadable_count,
           record_check.ok_count, record_check.mismatch_count, record_check.unreadable_count,
           record_check.fingerprint, record_check.started_at, now, record_check.duration_ms
    from jobs j where j.job_id = job
    returning check_id into strict id;
    if record_check.fingerprint is not null then
        insert into check_details (server_id, pack_name, fingerprint, items, first_seen_at)
        values (server, pack, record_check.fingerprint, record_check.items, now)
        on conflict (server_id, pack_name, fingerprint) do nothing;
    end if;
    return id;
end
$$;
comment on function record_check(bigint, text, text, text, text, text, integer, integer, integer, text, jsonb, timestamptz, integer) is
    'Writes a check and its details, and returns its id.';

-- Stores what the transition came to. remembered lists every mismatch that is known now, as
-- {"key", "type"} and, for those that this check saw, also {"item", "expected", "actual"}; unreadable lists what it could
-- not judge, as {"key", "item", "reason", "was_readable"}. What it counted is remembered beside them: the check itself is
-- history, and may be deleted at any age.
create or replace function remember(
    server text, pack text, check_no bigint, new_state text, new_unverified text[], new_unverified_contents text[],
    remembered jsonb, unreadable jsonb, attempt_started_at timestamptz
) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
begin
    update drift_states d
    set since = case when d.state = new_state then d.since else now end, state = new_state,
        unverified = new_unverified, unverified_contents = new_unverified_contents, last_check_id = check_no,
        last_checked_at = now, last_started_at = attempt_started_at,
        pack_digest = c.pack_digest, item_count = c.item_count, unreadable_count = c.unreadable_count
    from checks c
    where c.check_id = check_no and d.server_id = server and d.pack_name = pack;

    delete from mismatches m
    where m.server_id = server and m.pack_name = pack
      and not exists (
        select from jsonb_array_elements(remembered) r
        where r ->> 'key' = m.item_key and r ->> 'type' = m.type);
    insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id, first_look)
    select server, pack, r ->> 'key', r ->> 'type', r ->> 'item', r -> 'expected', r -> 'actual', now, check_no,
           coalesce((r ->> 'first_look')::boolean, false)
    from jsonb_array_elements(remembered) r
    where r ? 'item'
    on conflict (server_id, pack_name, item_key, type) do update
    set item = excluded.item, expected = excluded.expected, actual = excluded.actual, check_id = excluded.check_id;

    delete from unreadables u
    where u.server_id = server and u.pack_name = pack
      and not exists (select from jsonb_array_elements(unreadable) r where r ->> 'key' = u.item_key);
    insert into unreadables as u (server_id, pack_name, item_key, item, reason, was_readable, since)
    select server, pack, r ->> 'key', r ->> 'item', r ->> 'reason', (r -> 'was_readable')::boolean, now
    from jsonb_array_elements(unreadable) r
    on conflict (server_id, pack_name, item_key) do update
    set item = excluded.item, reason = excluded.reason, was_readable = excluded.was_readable,
        since = case when u.was_readable = excluded.was_readable then u.since else excluded.since end
    where (u.item, u.reason, u.was_readable) is distinct from (excluded.item, excluded.reason, excluded.was_readable);
end
$$;
comment on function remember(text, text, bigint, text, text[], text[], jsonb, jsonb, timestamptz) is
    'Stores the new drift state of an assignment, the mismatches that are known now, and what could not be judged.';
