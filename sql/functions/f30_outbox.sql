-- The notifier's side of the outbox. A destination is leased, not a row: one notifier at a time drains it, so that
-- order and pace hold with any number of notifiers.

-- Makes a destination known to the database, and ends its pause where the secret is another one now.
create or replace function announce_destination(name text, new_kind text, new_fingerprint text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    old destinations;
begin
    insert into destinations (destination, kind, next_send_at) values (name, new_kind, clock()) on conflict do nothing;
    select * into old from destinations d where d.destination = name for update;
    if old.secret_fingerprint is distinct from new_fingerprint or old.kind <> new_kind then
        update destinations d
        set kind = new_kind, secret_fingerprint = new_fingerprint, paused_at = null, paused_reason = null,
            next_probe_at = null, failures = 0, next_send_at = case when old.paused_at is null then d.next_send_at else clock() end
        where d.destination = name;
    end if;
end
$$;
comment on function announce_destination(text, text, text) is
    'Says how a destination is served and with which secret, known by a keyed fingerprint; a changed one ends its pause.';

-- Takes or renews the lease of a destination and, where it is time, its next message. Nothing is returned while
-- another notifier holds it; a row without an outbox_id says how long there is nothing to do.
create or replace function claim_outbox(name text, notifier text, lease interval)
returns table (
    lease_token uuid, wait interval, outbox_id bigint, kind text, payload jsonb, plain boolean, attempt integer,
    age interval, failures integer, opening_undelivered boolean
)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    held destinations;
    token uuid;
    next outbox;
    later timestamptz;
begin
    select * into held from destinations d
    where d.destination = name and (d.notifier_id = notifier or d.lease_expires_at is null or d.lease_expires_at <= now)
    for update skip locked;
    if not found then
        return;
    end if;

    -- What the last holder left half sent is sent again, with the same message_id.
    token := case when held.notifier_id = notifier and held.lease_expires_at > now then held.lease_token else gen_random_uuid() end;
    update destinations d set lease_token = token, lease_expires_at = now + lease, notifier_id = notifier
    where d.destination = name;
    update outbox o set state = 'pending', lease_token = null, lease_expires_at = null
    where o.destination = name and o.state = 'sending' and o.lease_token is distinct from token;

    if held.next_send_at > now or (held.paused_at is not null and held.next_probe_at > now) then
        later := case when held.paused_at is not null then greatest(held.next_probe_at, held.next_send_at) else held.next_send_at end;
        return query select token, later - now, null::bigint, null, null::jsonb, null::boolean, null::integer,
            null::interval, held.failures, null::boolean;
        return;
    end if;

    select * into next from outbox o
    where o.destination = name and o.state = 'pending' and o.not_before <= now
      and not exists (
        select from outbox earlier
        where earlier.destination = name and earlier.alert_id = o.alert_id and earlier.seq < o.seq
          and earlier.state in ('pending', 'sending'))
    order by o.outbox_id
    limit 1
    for update;
    if not found then
        select min(o.not_before) into later from outbox o
        where o.destination = name and o.state = 'pending' and o.not_before > now;
        return query select token, later - now, null::bigint, null, null::jsonb, null::boolean, null::integer,
            null::interval, held.failures, null::boolean;
        return;
    end if;

    update outbox o
    set state = 'sending', attempt = o.attempt + 1, lease_token = token, lease_expires_at = now + lease
    where o.outbox_id = next.outbox_id;
    return query
    select token, interval '0', next.outbox_id, next.kind, next.payload, next.plain, next.attempt + 1,
           now - next.created_at, held.failures,
           next.kind = 'drift_resolved' and exists (
               select from outbox opening
               where opening.destination = name and opening.alert_id = next.alert_id
                 and opening.kind = 'drift_detected' and opening.state = 'dead');
end
$$;
comment on function claim_outbox(text, text, interval) is
    'Leases a destination to a notifier and hands out its next message: in order per alert, never two at a time.';

-- Settles the message that is being sent; outcome is
--   sent     accepted, as remote; the next one may go after a second
--   plain    refused: once more, as plain text
--   dead     refused for good
--   later    the destination is in trouble: this message waits
--   paced    too fast: the destination waits, and the attempt does not count
--   away     nobody there: the destination waits, and the attempt does not count
--   paused   the destination refuses everything: it is paused, and the attempt does not count
create or replace function settle_outbox(
    message bigint, token uuid, outcome text, wait interval default interval '0', remote text default null,
    error text default null
) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    pace constant interval := interval '1 second';
    name text;
begin
    if outcome not in ('sent', 'plain', 'dead', 'later', 'paced', 'away', 'paused') then
        raise exception 'a message is settled as sent, plain, dead, later, paced, away or paused, not %', outcome
            using errcode = 'invalid_parameter_value';
    end if;
    select d.destination into name
    from destinations d join outbox o on o.destination = d.destination
    where o.outbox_id = message and d.lease_token = token for update of d;
    update outbox o
    set state = case outcome when 'sent' then 'sent' when 'dead' then 'dead' else 'pending' end,
        sent_at = case outcome when 'sent' then now end,
        remote_id = coalesce(remote, o.remote_id),
        plain = o.plain or outcome = 'plain',
        attempt = o.attempt - case when outcome in ('paced', 'away', 'paused') then 1 else 0 end,
        not_before = case outcome when 'later' then now + wait else o.not_before end,
        last_error = case outcome when 'sent' then o.last_error else left(error, 1000) end,
        lease_token = null, lease_expires_at = null
    where o.outbox_id = message and o.lease_token = token and o.state = 'sending';
    if name is null or not found then
        perform raise_lease_lost('message ' || message);
    end if;
    update destinations d
    set next_send_at = now + case when outcome in ('paced', 'away') then greatest(wait, pace) else pace end,
        failures = case outcome when 'away' then d.failures + 1 else 0 end,
        paused_at = case outcome when 'paused' then coalesce(d.paused_at, now) when 'sent' then null else d.paused_at end,
        paused_reason = case outcome when 'paused' then left(error, 1000) when 'sent' then null else d.paused_reason end,
        next_probe_at = case when outcome = 'sent' then null
            when outcome = 'paused' or d.paused_at is not null then now + interval '15 minutes' else d.next_probe_at end
    where d.destination = name;
end
$$;
comment on function settle_outbox(bigint, uuid, text, interval, text, text) is
    'Ends the sending of a message and sets the destination''s pace. Raises JQ001 where the token does not hold it.';

-- A notifier that stops hands its destination on, with the message it had in hand.
create or replace function release_destination(name text, token uuid) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
begin
    update destinations d set lease_expires_at = null where d.destination = name and d.lease_token = token;
    if found then
        update outbox o set state = 'pending', lease_token = null, lease_expires_at = null, attempt = o.attempt - 1
        where o.destination = name and o.state = 'sending' and o.lease_token = token;
    end if;
end
$$;
comment on function release_destination(text, uuid) is 'Ends a notifier''s lease on a destination.';
