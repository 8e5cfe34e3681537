-- Which destinations there are, what each takes, and what a notifier needs before it sends to one.
--
-- default is the destination of the notifiers' own settings, so a notifier that has these creates it. People add and remove
-- all others (f44_destinations.sql). A destination that was removed and added again has another fingerprint_key, so nothing
-- that a notifier knew about the old one is taken for the new one.

create or replace function fingerprint_key_of(name text) returns uuid
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
begin
    insert into destinations (destination, next_send_at) select name, clock() where name = 'default' on conflict do nothing;
    return (select d.fingerprint_key from destinations d where d.destination = name);
end
$$;
comment on function fingerprint_key_of(text) is
    'The key for the fingerprint of a destination''s secret; null if there is no such destination. Creates default.';

create or replace function is_served(name text, by_kind text, fingerprint text) returns boolean
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select exists (
        select from destinations d
        where d.destination = name and d.kind = by_kind and d.secret_fingerprint is not distinct from fingerprint)
$$;
comment on function is_served(text, text, text) is
    'Whether the notifiers send to a destination in this way, and with the secret of this fingerprint.';

-- What is about a server as a whole, without a pack, belongs to all of its packs.
create or replace function takes_subject(d destinations, server text, pack text) returns boolean
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select exists (select from servers s where s.server_id = server and s.labels @> d.labels)
        and (d.packs = '{}' or coalesce(pack = any(d.packs), exists (
            select from assignments x where x.server_id = server and x.pack_name = any(d.packs))))
$$;
comment on function takes_subject(destinations, text, text) is 'Whether a destination is told of a server and pack; null: of a server as a whole.';

-- The one place where alerts are routed. A destination that got the opening of an alert gets all that follows, even if the
-- labels of the server change meanwhile. Nobody needs to read that an alert is over who was never told of it.
create or replace function takes_alert(d destinations, alert bigint) returns boolean
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select exists (select from outbox o where o.alert_id = alert and o.destination = d.destination)
        or exists (
            select from alerts a
            where a.alert_id = alert and a.status <> 'resolved' and takes_subject(d, a.server_id, a.pack_name)
              and (d.severities = '{}' or a.severity = any(d.severities)))
$$;
comment on function takes_alert(destinations, bigint) is 'Whether messages about an alert go to a destination.';

create or replace function destinations_to_serve()
returns table (destination text, kind text, settings jsonb, fingerprint_key uuid)
language sql stable security definer set search_path = driftwatch, pg_temp
as $$ select d.destination, d.kind, d.settings, d.fingerprint_key from destinations d order by d.destination $$;
comment on function destinations_to_serve() is 'The destinations that notifiers send to, with what they need to know of each.';

-- False if the destination was removed, perhaps for another one of the same name, since the notifier read its key.
create or replace function announce_added_destination(name text, key uuid, new_fingerprint text) returns boolean
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    known destinations;
begin
    select * into known from destinations d where d.destination = name and d.fingerprint_key = key for update;
    if not found then
        return false;
    end if;
    perform announce_destination(name, known.kind, new_fingerprint);
    return true;
end
$$;
comment on function announce_added_destination(text, uuid, text) is
    'Records the keyed fingerprint of the secret of a destination that a person added. A change ends its pause and its lease.';

create or replace function report_unserved(name text, reason text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update destinations d set unserved_reason = left(reason, 1000)
    where d.destination = name and d.unserved_reason is distinct from left(reason, 1000)
      and (d.lease_expires_at is null or d.lease_expires_at <= clock())
$$;
comment on function report_unserved(text, text) is
    'Records why a notifier cannot send to a destination, unless another one does.';
