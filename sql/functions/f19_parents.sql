-- The messages that show alerts as they are now (alert_parents), and what they need to know.

-- A Slack webhook cannot edit either, but only its notifier knows that: it folds what it has no use for.
create or replace function edits_messages(kind text) returns boolean
language sql immutable
as $$ select kind = 'slack' $$;
comment on function edits_messages(text) is 'Whether destinations of a kind may be able to edit a message that they were sent.';

create or replace function is_only_an_edit(kind text) returns boolean
language sql immutable
as $$ select kind in ('alert_acknowledged', 'alert_refreshed') $$;
comment on function is_only_an_edit(text) is 'Whether a message is of no use where the message that shows the alert cannot be edited.';

create or replace function cut_values(facts jsonb) returns jsonb
language sql immutable
as $$
    select coalesce(
        jsonb_object_agg(f.key, case when length(f.value) > 120 then left(f.value, 119) || '…' else f.value end), '{}')
    from jsonb_each_text(facts) f
$$;
comment on function cut_values(jsonb) is 'The values of an object as texts of at most 120 characters.';

-- Each as it was named last.
create or replace function items_named(alert bigint, most integer) returns jsonb
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select jsonb_agg(i.value order by i.item, i.type)
    from (select n.*, dense_rank() over (order by n.item) as place
          from (select distinct on (i ->> 'item', i ->> 'type') i ->> 'item' as item, i ->> 'type' as type, i as value
                from alert_events e cross join jsonb_array_elements(e.detail -> 'items') i
                where e.alert_id = alert
                order by i ->> 'item', i ->> 'type', e.seq desc) n) i
    where i.place <= most
$$;
comment on function items_named(bigint, integer) is
    'The first items that an alert has ever named: [{"type", "item", "cause"}], an entry for each difference; null if there is none.';

create or replace function items_to_show(alert bigint) returns jsonb
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select coalesce(
        (select jsonb_agg(
                    jsonb_build_object('type', m.type, 'item', m.item, 'expected', cut_values(m.expected), 'actual', cut_values(m.actual))
                    order by m.item_key, m.type)
         from (select m.*, dense_rank() over (order by m.item_key) as place
               from mismatches m
               where m.server_id = a.server_id and m.pack_name = a.pack_name and a.alert_type = 'config_drift') m
         where m.place <= 10),
        (select jsonb_agg(jsonb_build_object('type', u.reason, 'item', u.item) order by u.item_key)
         from (select * from unreadables u
               where u.server_id = a.server_id and u.pack_name = a.pack_name and u.alerted and a.alert_type = 'check_failing'
               order by u.item_key limit 10) u),
        items_named(a.alert_id, 10), '[]')
    from alerts a where a.alert_id = alert
$$;
comment on function items_to_show(bigint) is
    'The first ten items that an alert shows as wrong or unreadable now, or, if none is, of those that it has named: [{"type", "item"}], perhaps with "expected" and "actual".';

create or replace function parent_of(message bigint) returns table (channel text, channel_id text, remote_id text, shared boolean)
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select p.channel, p.channel_id, p.remote_id, p.shared
    from outbox o
    join alert_parents p on p.destination = o.destination and p.alert_id = o.alert_id
    where o.outbox_id = message
$$;
comment on function parent_of(bigint) is 'The message that shows the alert of an outbox message at its destination. No row if none is known.';

-- The caller has just settled the notifications as sent, under their lease.
create or replace function remember_parent(message bigint[], parent jsonb) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    insert into alert_parents as p (destination, alert_id, channel, channel_id, remote_id, shared, posted_at)
    select o.destination, o.alert_id, parent ->> 'channel', parent ->> 'channel_id', parent ->> 'remote_id',
           (parent ->> 'shared')::boolean, clock()
    from outbox o where o.outbox_id = any(message)
    on conflict (destination, alert_id) do update
    set channel = excluded.channel, channel_id = excluded.channel_id, remote_id = excluded.remote_id,
        shared = excluded.shared, posted_at = excluded.posted_at
$$;
comment on function remember_parent(bigint[], jsonb) is
    'Records that notifications were sent in the message that shows their alerts: {"channel", "channel_id", "remote_id", "shared"}.';

-- Such a message has to be edited by itself; one that is about several alerts is not edited.
create or replace function has_parent(o outbox) returns boolean
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select exists (
        select from alert_parents p where p.destination = o.destination and p.alert_id = o.alert_id and not p.shared)
$$;
comment on function has_parent(outbox) is 'Whether the destination shows the alert of an outbox message in a message of its own.';
