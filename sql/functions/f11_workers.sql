-- The running processes, for people and health checks. Leases do not depend on these rows.

create or replace function register_worker(
    worker text, process text, host text, pid integer, version text, concurrency integer, queues text[],
    account text default null, settings jsonb default '{}'
) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    insert into workers (worker_id, process, host, pid, version, concurrency, queues, account, settings, started_at, last_seen_at)
    values (worker, process, host, pid, version, concurrency, queues, account, settings, clock(), clock())
    on conflict (worker_id) do update
    set state = 'running', concurrency = excluded.concurrency, queues = excluded.queues,
        last_seen_at = excluded.last_seen_at
$$;
comment on function register_worker(text, text, text, integer, text, integer, text[], text, jsonb) is
    'Registers a process, or registers it again after its row was deleted.';

-- The result tells a process whose row was deleted that it must register again.
create or replace function touch_worker(worker text, new_state text default 'running') returns boolean
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
begin
    update workers w set last_seen_at = clock(), state = new_state where w.worker_id = worker;
    return found;
end
$$;
comment on function touch_worker(text, text) is 'Records that a process is running, draining or stopped; false if it is not registered.';

-- A stopped process is removed after an hour; one that ended without saying so, after a day.
create or replace function forget_workers() returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    forgotten integer;
begin
    delete from workers w
    where w.last_seen_at < clock() - case w.state when 'stopped' then interval '1 hour' else interval '1 day' end;
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;
comment on function forget_workers() is 'Removes the rows of processes that are long gone.';
