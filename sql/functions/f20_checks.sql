-- What a worker stores about a server. All functions here run inside the transaction that settle_job began.
-- Lock order everywhere: job, server, drift states by pack, alerts by id, outbox.

-- Returns whether the effects of a job still apply to the server. They do not if the server is no longer eligible, or if
-- apply has changed its address, port, user or connection since the job looked. Then the checks are stored as history and
-- nothing else changes. A share lock is not enough: the streak is written under this lock, and two transactions that both
-- upgrade a share lock would deadlock.
create or replace function begin_effects(
    server text, failure text, seen_address text, seen_port integer, seen_ssh_user text, seen_config_user text,
    seen_connection text, job bigint default null, failure_detail text default null, jump_host text default null
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
        perform note_look(server, failure, failure_detail, jump_host, job);
    else
        -- The job looked at another address, or despite a hold. So the server still needs a check.
        perform want_look(server);
    end if;
    return applies;
end
$$;
comment on function begin_effects(text, text, text, integer, text, text, text, bigint, text, text) is
    'Locks the server, updates its failing streak and the alert about that, and says whether the result of the job still counts.';

-- Locks the assignments, then their unresolved alerts, in the lock order. Packs that are not assigned, or no longer, are
-- not returned: their checks are history.
create or replace function lock_assignments(server text, packs text[])
returns table (
    pack_name text, digest text, state text, unverified text[], unverified_contents text[],
    last_started_at timestamptz, last_check_id bigint, remembered jsonb, never_compliant jsonb, alert_id bigint,
    alert_mismatch_count integer, equal_checks integer
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
           coalesce(d.last_check_id, 0), coalesce((
               select jsonb_agg(jsonb_build_object('key', m.item_key, 'type', m.type) order by m.item_key, m.type)
               from mismatches m where m.server_id = server and m.pack_name = d.pack_name), '[]'),
           d.never_compliant, a.alert_id, a.mismatch_count, d.equal_checks
    from drift_states d
    join packs p on p.pack_name = d.pack_name
    left join alerts a on a.server_id = d.server_id and a.pack_name = d.pack_name and a.alert_type = 'config_drift'
        and a.status <> 'resolved'
    where d.server_id = server and d.pack_name = any(packs)
    order by d.pack_name;
end
$$;
comment on function lock_assignments(text, text[]) is 'Locks and returns the current state of a server''s packs.';

-- If the check counts, remember follows, and changes the same row.
create or replace function record_check(
    job bigint, server text, pack text, digest text, verdict text, reason text, ok_count integer,
    mismatch_count integer, unreadable_count integer, fingerprint text, items jsonb, started_at timestamptz,
    duration_ms integer, counts boolean default false, waived_count integer default 0, due_count integer default 0
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
        mismatch_count, unreadable_count, waived_count, due_count, fingerprint, started_at, checked_at, duration_ms)
    select j.job_id, j.schedule_name, j.slot_at, server, pack, digest, record_check.verdict, record_check.reason,
           record_check.ok_count + record_check.mismatch_count + record_check.unreadable_count
               + record_check.waived_count + record_check.due_count,
           record_check.ok_count, record_check.mismatch_count, record_check.unreadable_count,
           record_check.waived_count, record_check.due_count, record_check.fingerprint, record_check.started_at, now, record_check.duration_ms
    from jobs j where j.job_id = job
    returning check_id into strict id;
    if record_check.fingerprint is not null then
        insert into check_details (server_id, pack_name, fingerprint, items)
        values (server, pack, record_check.fingerprint, record_check.items)
        -- Changes nothing, and locks a row that is there already: forget_checks must not delete it now.
        on conflict (server_id, pack_name, fingerprint) do update set items = excluded.items where false;
    end if;
    if not counts then
        update drift_states d
        set latest_check_id = id, latest_verdict = record_check.verdict, latest_reason = record_check.reason,
            latest_checked_at = now,
            look_wanted_at = look_still_wanted(d.look_wanted_at, coalesce(record_check.started_at, now), p.digest = record_check.digest)
        from packs p
        where d.server_id = server and d.pack_name = pack and p.pack_name = d.pack_name;
    end if;
    return id;
end
$$;
comment on function record_check(bigint, text, text, text, text, text, integer, integer, integer, text, jsonb, timestamptz, integer, boolean, integer, integer) is
    'Stores a check and, once per fingerprint, its details. Returns the check''s id. counts: remember is called next.';

-- Stores the result of the transition. remembered lists every mismatch that is known now as {"key", "type"}, with
-- {"item", "expected", "actual"} for those that this check found. new_never_compliant is as the column. unreadable lists the items that this check could not
-- read, as {"key", "item", "reason", "was_readable"}. The check's counts are copied too, because the check itself is
-- history and may be deleted at any age.
create or replace function remember(
    server text, pack text, check_no bigint, new_state text, new_unverified text[], new_unverified_contents text[],
    remembered jsonb, new_never_compliant jsonb, unreadable jsonb, attempt_started_at timestamptz
) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    counted constant integer := (select count(*) from checks c where c.check_id = check_no and c.slot_at is not null);
begin
    update drift_states d
    set since = case when d.state = new_state then d.since else now end, state = new_state,
        unverified = new_unverified, unverified_contents = new_unverified_contents,
        never_compliant = new_never_compliant, last_check_id = check_no,
        last_checked_at = now, last_started_at = attempt_started_at,
        latest_check_id = check_no, latest_verdict = c.verdict, latest_reason = null, latest_checked_at = now,
        look_wanted_at = look_still_wanted(d.look_wanted_at, attempt_started_at, p.digest = c.pack_digest),
        pack_digest = c.pack_digest,
        checked_as = jsonb_build_object('name', s.display_name, 'address', s.address, 'labels', s.labels),
        item_count = c.item_count, unreadable_count = c.unreadable_count,
        waived_count = c.waived_count, due_count = c.due_count
    from checks c
    join packs p on p.pack_name = c.pack_name
    join servers s on s.server_id = c.server_id
    where c.check_id = check_no and d.server_id = server and d.pack_name = pack;

    delete from mismatches m
    where m.server_id = server and m.pack_name = pack
      and not remembered @> jsonb_build_array(jsonb_build_object('key', m.item_key, 'type', m.type));
    insert into mismatches (
        server_id, pack_name, item_key, type, item, expected, actual, since, check_id, cause, cause_detail)
    select server, pack, r ->> 'key', r ->> 'type', r ->> 'item', r -> 'expected', r -> 'actual', now, check_no,
           r #>> '{cause,kind}', (r -> 'cause') - 'kind'
    from jsonb_array_elements(remembered) r
    where r ? 'item'
    on conflict (server_id, pack_name, item_key, type) do update
    set item = excluded.item, expected = excluded.expected, actual = excluded.actual, check_id = excluded.check_id,
        cause = excluded.cause, cause_detail = excluded.cause_detail;

    delete from unreadables u
    where u.server_id = server and u.pack_name = pack
      and not exists (select from jsonb_array_elements(unreadable) r where r ->> 'key' = u.item_key);
    insert into unreadables as u (server_id, pack_name, item_key, item, reason, was_readable, since, slots)
    select server, pack, r ->> 'key', r ->> 'item', r ->> 'reason', (r -> 'was_readable')::boolean, now,
           case when (r -> 'was_readable')::boolean then counted else 0 end
    from jsonb_array_elements(unreadable) r
    on conflict (server_id, pack_name, item_key) do update
    set item = excluded.item, reason = excluded.reason, was_readable = excluded.was_readable,
        since = case when u.was_readable = excluded.was_readable then u.since else excluded.since end,
        slots = case when excluded.was_readable then least(u.slots + excluded.slots, 1000) else 0 end,
        alerted = u.alerted and excluded.was_readable
    where (u.item, u.reason, u.was_readable) is distinct from (excluded.item, excluded.reason, excluded.was_readable)
       or (excluded.slots > 0 and u.slots < 1000);
    perform settle_dark(server, pack, 'recovered', 'driftwatch');
end
$$;
comment on function remember(text, text, bigint, text, text[], text[], jsonb, jsonb, jsonb, timestamptz) is
    'Stores the new drift state of an assignment, the mismatches that are known now, and the items that could not be read, and settles the alert about these.';
