-- Waivers: how they are made, and how they end. The view waived_items says which are in force where. What they change is
-- decided at the next check, so every change asks for one.

create or replace function waiver_in_force(ended_at timestamptz, until_at timestamptz) returns boolean
language sql stable
as $$ select ended_at is null and coalesce(until_at > driftwatch.statement_clock(), true) $$;
comment on function waiver_in_force(timestamptz, timestamptz) is 'Whether a waiver with these two ends is in force. until_at null: it has no end of its own.';

create or replace function instant_of(day_or_instant text) returns timestamptz
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
begin
    if day_or_instant ~ '^\d{4}-\d\d-\d\d$' then
        return day_or_instant::date::timestamp at time zone schedule_zone();
    end if;
    return day_or_instant::timestamptz;
exception when datetime_field_overflow or invalid_datetime_format then
    perform refuse(format('%s is neither a day nor an instant', day_or_instant), 'such as 2027-01-15, or 2027-01-15T06:00:00Z');
end
$$;
comment on function instant_of(text) is 'When a day begins in the time zone of the schedule, or the instant that the text says.';

-- A key that is exactly so names its item, even if people see another item under the same words.
create or replace function item_named(pack text, name text) returns table (item_key text, item text)
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    keys text[];
begin
    select array_agg(i.value ->> 'item_key' order by i.value ->> 'item_key') into keys
    from packs p
    join pack_versions v on v.pack_name = p.pack_name and v.digest = p.digest
    cross join lateral jsonb_each(v.resolved -> 'items') s
    cross join lateral jsonb_array_elements(s.value) i
    where p.pack_name = pack and name in (i.value ->> 'item_key', i.value ->> 'item');
    if name = any(keys) then
        keys := array[name];
    elsif cardinality(keys) > 1 then
        perform refuse(format('%s names several items of %s: %s', name, pack, array_to_string(keys, ', ')),
            'name one of them by its key');
    end if;
    return query
    select k, coalesce(nullif(i.value ->> 'item', ''), k)
    from unnest(keys) k
    join packs p on p.pack_name = pack
    join pack_versions v on v.pack_name = p.pack_name and v.digest = p.digest
    cross join lateral jsonb_each(v.resolved -> 'items') s
    cross join lateral jsonb_array_elements(s.value) i
    where i.value ->> 'item_key' = k;
end
$$;
comment on function item_named(text, text) is
    'The item of a pack with this key, or that people see under this name. No row if there is none; refuses a name of several.';

-- What an item is called on a server, where its name in the pack has placeholders, is known of what is wrong or cannot be read.
create or replace function key_shown(server text, labels jsonb, pack text, name text) returns text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select min(shown.item_key)
    from (select m.server_id, m.pack_name, m.item_key, m.item from mismatches m
          union
          select u.server_id, u.pack_name, u.item_key, u.item from unreadables u) shown
    join servers s on s.server_id = shown.server_id
    where shown.pack_name = pack and shown.item = name and (s.server_id = server or s.labels @> key_shown.labels)
    having count(distinct shown.item_key) = 1
$$;
comment on function key_shown(text, jsonb, text, text) is
    'The key of the item that people see under this name on a server, or on those with these labels; null if there is none, or several.';

-- Locks only drift states, in the lock order. As apply_pack does, which changes them in the same way.
create or replace function look_at_waived(server text, labels jsonb, pack text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update drift_states d set look_wanted_at = clock()
    from (select s.server_id from servers s join drift_states w on w.server_id = s.server_id and w.pack_name = pack
          where s.server_id = server or s.labels @> look_at_waived.labels
          order by s.server_id
          for update of w) waived
    where d.server_id = waived.server_id and d.pack_name = pack
$$;
comment on function look_at_waived(text, jsonb, text) is 'Asks for a check of the servers that a waiver is about.';

create or replace function add_waiver(
    server_id text, labels jsonb, pack_name text, item text, reason text, until text default null,
    actor text default session_user
) returns bigint
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    until_at timestamptz;
    named record;
    id bigint;
begin
    actor := acting_as(actor);
    until_at := instant_of(until);
    if (server_id is null) = (labels is null) then
        perform refuse('a waiver is for one server, or for the servers with certain labels', 'name either');
    elsif server_id is not null and not exists (
        select from servers s where s.server_id = add_waiver.server_id and s.removed_at is null) then
        perform refuse_unknown('server', server_id);
    elsif coalesce(btrim(reason), '') = '' then
        perform refuse('a waiver needs a reason', 'give a reason, for the next person who wonders');
    elsif until_at <= clock() then
        perform refuse(format('%s is in the past', until), 'give a later time, or none');
    elsif not exists (select from packs p where p.pack_name = add_waiver.pack_name) then
        perform refuse(format('there is no pack %s', pack_name), 'driftwatch status shows the assigned packs');
    end if;
    select n.* into named
    from item_named(pack_name, item) n
    union all
    select n.* from item_named(pack_name, key_shown(server_id, labels, pack_name, item)) n
    limit 1;
    if not found then
        perform refuse(format('%s has no item %s', pack_name, item),
            'write it as driftwatch diff shows it, or by its key, such as file:/etc/motd');
    end if;
    insert into waivers (source, server_id, labels, pack_name, item_key, item, reason, author, until_at, created_at)
    values ('command', server_id, labels, pack_name, named.item_key, named.item, reason, actor, until_at, clock())
    returning waiver_id into strict id;
    perform look_at_waived(server_id, labels, pack_name);
    perform write_audit(actor, 'add_waiver', 'waiver ' || id, jsonb_strip_nulls(jsonb_build_object(
        'server_id', server_id, 'labels', labels, 'pack_name', pack_name, 'item', named.item_key, 'reason', reason,
        'until', rfc3339(until_at))));
    return id;
end
$$;
comment on function add_waiver(text, jsonb, text, text, text, text, text) is
    'Accepts that an item differs, on one server or on those with all of these labels, and returns the waiver. The item is named by its key, or as people see it.';

create or replace function end_waiver(waiver_id bigint, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    held waivers;
begin
    actor := acting_as(actor);
    select * into held from waivers w where w.waiver_id = end_waiver.waiver_id for update;
    if not found then
        perform refuse_unknown('waiver', waiver_id::text);
    elsif held.source = 'inventory' and held.ended_at is null then
        perform refuse(format('waiver %s is from the inventory', waiver_id),
            'remove it from waivers in fleet.yaml and run driftwatch apply');
    elsif not waiver_in_force(held.ended_at, held.until_at) then
        perform refuse(format('waiver %s has ended already', waiver_id));
    end if;
    update waivers w set ended_at = clock(), ended_by = actor where w.waiver_id = end_waiver.waiver_id;
    perform look_at_waived(held.server_id, held.labels, held.pack_name);
    perform write_audit(actor, 'end_waiver', 'waiver ' || waiver_id,
        jsonb_build_object('pack_name', held.pack_name, 'item', held.item_key));
end
$$;
comment on function end_waiver(bigint, text) is
    'Ends a waiver that was made by command. What is still wrong is alerted at the next check.';

-- wanted: [{"server_id" or "labels", "pack_name", "item", "reason", "author", "until"}], all that the inventory has. Runs
-- after the packs, the servers and the schedule's time zone are stored. Returns what changed, and as unmatched what names no
-- item: that is not stored. An expired one is stored, because it may have been in force a moment ago.
create or replace function apply_waivers(wanted jsonb, actor text)
returns table (change text, server_id text, labels jsonb, pack_name text, item text, servers text[])
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    asked record;
    named record;
    held waivers;
    kept bigint[] := '{}';
    id bigint;
begin
    actor := acting_as(actor);
    for asked in
        select w ->> 'server_id' as server_id, w -> 'labels' as labels, w ->> 'pack_name' as pack_name, w ->> 'item' as item,
               w ->> 'reason' as reason, w ->> 'author' as author, instant_of(w ->> 'until') as until_at
        from jsonb_array_elements(wanted) w
    loop
        select * into named from item_named(asked.pack_name, asked.item);
        if not found then
            return query select 'unmatched', asked.server_id, asked.labels, asked.pack_name, asked.item, '{}'::text[];
            continue;
        end if;
        select w.waiver_id into id from waivers w
        where w.source = 'inventory' and w.ended_at is null and w.waiver_id <> all(kept)
          and (w.server_id, w.labels, w.pack_name, w.item_key, w.reason, w.author, w.until_at) is not distinct from
              (asked.server_id, asked.labels, asked.pack_name, named.item_key, asked.reason, asked.author, asked.until_at)
        limit 1;
        if not found then
            insert into waivers (source, server_id, labels, pack_name, item_key, item, reason, author, until_at, created_at)
            values ('inventory', asked.server_id, asked.labels, asked.pack_name, named.item_key, named.item, asked.reason,
                    asked.author, asked.until_at, now)
            returning waiver_id into strict id;
            perform look_at_waived(asked.server_id, asked.labels, asked.pack_name);
            return query select 'added', asked.server_id, asked.labels, asked.pack_name, named.item,
                servers_waived(asked.server_id, asked.labels, asked.pack_name);
        end if;
        kept := kept || id;
    end loop;
    for held in
        update waivers w set ended_at = now, ended_by = actor
        where w.source = 'inventory' and w.ended_at is null and w.waiver_id <> all(kept)
        returning w.*
    loop
        perform look_at_waived(held.server_id, held.labels, held.pack_name);
        return query select 'ended', held.server_id, held.labels, held.pack_name, held.item,
            servers_waived(held.server_id, held.labels, held.pack_name);
    end loop;
end
$$;
comment on function apply_waivers(jsonb, text) is 'Makes the waivers of the inventory exactly these, and returns what changed.';

create or replace function servers_waived(server text, labels jsonb, pack text) returns text[]
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select coalesce(array_agg(s.server_id order by s.server_id), '{}')
    from servers s
    join assignments a on a.server_id = s.server_id and a.pack_name = pack
    where s.server_id = server or s.labels @> servers_waived.labels
$$;
comment on function servers_waived(text, jsonb, text) is 'The servers with the pack that a waiver is about.';
