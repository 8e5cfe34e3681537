-- What `apply` calls, all in one transaction. A probe that is running cannot undo any of it: before its effects are stored,
-- the server and its assignments are checked again under their locks. Nothing here changes a job: a worker that settles a
-- job holds its lock while it waits for the server's. begin_apply and lock_servers come first, so the rest needs no lock.

-- One apply at a time. Another apply may take a while, hence the long timeout; others hold a server's row only for moments.
-- The table lock excludes only another apply, not readers and workers. Unlike an advisory lock, it cannot be taken by a role
-- that may not write the table.
create or replace function begin_apply() returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
begin
    perform set_config('lock_timeout', '60s', true);
    lock table packs in share row exclusive mode;
end
$$;
comment on function begin_apply() is 'Waits until no other apply is running. What the inventory says of a server, and the packs, then change only here.';

-- Only the servers that change: workers settle the jobs of all others meanwhile.
create or replace function lock_servers(server_ids text[]) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
begin
    perform from servers s where s.server_id = any(server_ids) order by s.server_id for update;
end
$$;
comment on function lock_servers(text[]) is 'Locks these servers in the lock order, before apply changes them or what is known about them.';

-- A version that was replaced may come back.
create or replace function replace_pack_versions(pack text, current_digest text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update pack_versions v
    set replaced_at = case when v.digest is distinct from current_digest then clock() end
    where v.pack_name = pack and (v.replaced_at is null) = (v.digest is distinct from current_digest)
$$;
comment on function replace_pack_versions(text, text) is
    'Records since when the versions of a pack are no longer the current one. current_digest null: the pack is gone.';

-- Stores a pack, with a new version if it changed. New items count as never read on every server with the pack, and those
-- servers are checked again. What is known about items that left the pack stays until forget_items, so that it can move to
-- another pack.
create or replace function apply_pack(
    pack text, new_display_name text, new_description text, new_extends text, new_digest text, new_resolved jsonb,
    keys text[]
) returns text
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    old packs;
    added text[];
begin
    select * into old from packs p where p.pack_name = pack;
    -- Compare the stored text as well: if somebody changed it, it is corrected.
    if old.digest = new_digest and old.display_name = new_display_name
       and old.description is not distinct from new_description and old.extends is not distinct from new_extends
       and new_resolved = (select v.resolved from pack_versions v where v.pack_name = pack and v.digest = new_digest) then
        return 'unchanged';
    end if;
    insert into pack_versions (pack_name, digest, resolved, first_seen_at)
    values (pack, new_digest, new_resolved, now)
    on conflict (pack_name, digest) do update set resolved = excluded.resolved;
    perform replace_pack_versions(pack, new_digest);
    insert into packs (pack_name, display_name, description, extends, digest, item_keys, updated_at)
    values (pack, new_display_name, new_description, new_extends, new_digest, keys, now)
    on conflict (pack_name) do update
    set display_name = excluded.display_name, description = excluded.description, extends = excluded.extends,
        digest = excluded.digest, item_keys = excluded.item_keys, updated_at = excluded.updated_at;
    if old.pack_name is null then
        return 'created';
    end if;
    if old.digest <> new_digest then
        added := array(select k from unnest(keys) k where k <> all(old.item_keys));
        update drift_states d
        set unverified = array(select k from unnest(d.unverified || added) k group by k order by k),
            look_wanted_at = now
        where d.pack_name = pack;
    end if;
    return 'changed';
end
$$;
comment on function apply_pack(text, text, text, text, text, jsonb, text[]) is 'Stores a resolved pack, and returns created, changed or unchanged.';

-- Stores a server as in the inventory. Returns created, changed or unchanged, and the packs that were newly assigned and
-- unassigned. moves says what moves from one pack to another, in the form that carry_out takes.
create or replace function apply_server(
    server text, new_display_name text, new_address text, new_port integer, new_ssh_user text, new_config_user text,
    new_connection text, new_queue text, new_labels jsonb, enabled boolean, wanted text[], actor text,
    moves jsonb default null, new_expect text default 'always', new_failing_after integer default 3,
    new_stale_after interval default null
) returns table (change text, assigned text[], unassigned text[])
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    old servers;
    change text;
    pack text;
    assigned text[] := '{}';
    unassigned text[] := '{}';
begin
    actor := acting_as(actor);
    select * into old from servers s where s.server_id = server;
    change := case when old.server_id is null or old.removed_at is not null then 'created'
        when (old.display_name, old.address, old.port, old.ssh_user, old.config_user, old.connection, old.queue,
              old.labels, old.drift_detection_enabled, old.expect, old.failing_after, old.stale_after)
             is not distinct from
             (new_display_name, new_address, new_port, new_ssh_user, new_config_user, new_connection, new_queue,
              new_labels, enabled, new_expect, new_failing_after, new_stale_after) then 'unchanged'
        else 'changed' end;
    insert into servers (
        server_id, display_name, address, port, ssh_user, config_user, connection, queue, labels,
        drift_detection_enabled, expect, failing_after, stale_after, created_at, updated_at)
    values (server, new_display_name, new_address, new_port, new_ssh_user, new_config_user, new_connection, new_queue,
            new_labels, enabled, new_expect, new_failing_after, new_stale_after, now, now)
    on conflict (server_id) do update
    set display_name = excluded.display_name, address = excluded.address, port = excluded.port,
        ssh_user = excluded.ssh_user, config_user = excluded.config_user, connection = excluded.connection,
        queue = excluded.queue, labels = excluded.labels, drift_detection_enabled = enabled, expect = excluded.expect,
        failing_after = excluded.failing_after, stale_after = excluded.stale_after, removed_at = null,
        updated_at = case change when 'unchanged' then servers.updated_at else now end;
    if not enabled then
        perform stop_watching(server, null, 'disabled', actor);
    end if;
    if old.server_id is not null and (old.expect, old.failing_after) is distinct from (new_expect, new_failing_after) then
        perform settle_checking(server, actor);
    end if;
    if (old.drift_detection_enabled, old.address, old.port, old.ssh_user, old.config_user, old.connection, old.queue)
       is distinct from (enabled, new_address, new_port, new_ssh_user, new_config_user, new_connection, new_queue) then
        perform want_look(server);
    end if;

    for pack in
        select w from unnest(wanted) w
        where not exists (select from assignments a where a.server_id = server and a.pack_name = w)
        group by w order by w
    loop
        insert into assignments (server_id, pack_name, assigned_at) values (server, pack, now);
        insert into drift_states (server_id, pack_name, since, unverified, look_wanted_at)
        select server, pack, now, p.item_keys, now from packs p where p.pack_name = pack;
        assigned := assigned || pack;
    end loop;
    perform carry_out(server, moves, actor);
    for pack in
        select a.pack_name from assignments a
        where a.server_id = server and a.pack_name <> all(wanted) order by a.pack_name
    loop
        perform unassign(server, pack, actor);
        unassigned := unassigned || pack;
    end loop;
    return query select case when change = 'unchanged' and cardinality(assigned || unassigned) > 0 then 'changed' else change end,
        assigned, unassigned;
end
$$;
comment on function apply_server(text, text, text, integer, text, text, text, text, jsonb, boolean, text[], text, jsonb, text, integer, interval) is
    'Stores a server and assigns exactly the given packs.';

create or replace function unassign(server text, pack text, actor text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
begin
    perform stop_watching(server, pack, 'unassigned', actor);
    delete from drift_states d where d.server_id = server and d.pack_name = pack;
    delete from assignments a where a.server_id = server and a.pack_name = pack;
    -- Without packs it is not checked.
    if not exists (select from assignments a where a.server_id = server) then
        perform stop_watching(server, null, 'unassigned', actor);
    end if;
end
$$;
comment on function unassign(text, text, text) is 'Removes a pack from a server: resolves its alerts and deletes its current state.';

create or replace function remove_server(server text, actor text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
begin
    actor := acting_as(actor);
    -- The hold ends too: if the server comes back, the inventory alone decides whether it is checked.
    update servers s
    set removed_at = clock(), updated_at = clock(), failing_streak = 0, failing_since = null, failing_reason = null,
        failing_detail = null, failing_jump_host = null, failing_slots = 0, failing_alerted = false,
        disabled_at = null, disabled_by = null, disabled_reason = null, disabled_until = null
    where s.server_id = server;
    perform stop_watching(server, null, 'removed', actor);
    delete from drift_states d where d.server_id = server;
    delete from assignments a where a.server_id = server;
end
$$;
comment on function remove_server(text, text) is 'Stops watching a server: its alerts are resolved as removed.';

create or replace function remove_pack(pack text, actor text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    server text;
begin
    actor := acting_as(actor);
    for server in
        select a.server_id from assignments a where a.pack_name = pack order by a.server_id
    loop
        perform unassign(server, pack, actor);
    end loop;
    perform replace_pack_versions(pack, null);
    delete from packs p where p.pack_name = pack;
end
$$;
comment on function remove_pack(text, text) is 'Removes a pack: it is unassigned everywhere. Its versions stay for the history.';

create or replace function finish_apply(detail jsonb, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
begin
    perform write_audit(acting_as(actor), 'apply', 'configuration', detail);
end
$$;
comment on function finish_apply(jsonb, text) is 'Records in audit_log what an apply changed.';
