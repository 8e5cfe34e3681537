-- The notifier's side of the outbox. The lease is on the destination, not on a row: one notifier at a time sends its
-- messages, so that order and pace are kept with any number of notifiers. The lock on the destination's row is the lock on
-- its messages too.

-- A new secret ends the pause and the lease: from then on only notifiers with the new secret may claim the destination.
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
            next_probe_at = null, failures = 0, next_send_at = clock(),
            lease_token = null, lease_expires_at = null, notifier_id = null
        where d.destination = name;
    end if;
    update destinations d set unserved_reason = null where d.destination = name and d.unserved_reason is not null;
end
$$;
comment on function announce_destination(text, text, text) is
    'Records how messages are sent to a destination, and the keyed fingerprint of its secret. A change ends its pause and its lease.';

-- The caller holds the destination's row. The message keeps its outbox_id and message_id. It waits a little, so that one which
-- ends every notifier does not keep other alerts' messages from being sent.
create or replace function requeue_unsettled(name text) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update outbox o
    set state = 'pending', lease_token = null, lease_expires_at = null,
        not_before = greatest(o.not_before, clock() + interval '10 seconds'),
        last_error = 'its notifier ended, or could not store the result; it may have been delivered'
    where o.destination = name and o.state = 'sending'
$$;
comment on function requeue_unsettled(text) is 'Puts back the message that was being sent to a destination and whose result was not stored, with all its notifications.';

-- Takes or renews the lease of a destination and returns its next message if one is due: one row for each notification in it,
-- all with the same lease_token. Returns no row while another notifier holds the lease, if the caller's secret is not the one
-- announced last, or while a person has paused the destination. A row without an outbox_id says how long to wait.
--
-- A notifier that claims has no message in hand, even if it held the lease before and a settle, or the reply to a claim,
-- was lost. So each claim has a new token, and a message that was being sent with an older token is sent again. Each claim
-- counts in doubtful_attempts until its reply is stored, and the notifier gives a message up that has too many.
--
-- thread_id is the message_id of the first message about the alert to this destination.
create or replace function claim_outbox(name text, notifier text, fingerprint text, lease interval)
returns table (
    lease_token uuid, wait interval, outbox_id bigint, kind text, payload jsonb, plain boolean, attempt integer,
    age interval, doubtful_attempts integer, failures integer, opening_undelivered boolean,
    message_id uuid, thread_id uuid
)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    token constant uuid := gen_random_uuid();
    new_id constant uuid := gen_random_uuid();
    held destinations;
    message bigint[];
    later timestamptz;
begin
    select * into held from destinations d
    where d.destination = name and d.secret_fingerprint is not distinct from fingerprint and d.held_at is null
      and (d.notifier_id = notifier or d.lease_expires_at is null or d.lease_expires_at <= now)
    for update skip locked;
    if not found then
        return;
    end if;

    update destinations d set lease_token = token, lease_expires_at = now + lease, notifier_id = notifier
    where d.destination = name;
    perform requeue_unsettled(name);

    -- Only a paused destination has a next_probe_at.
    later := greatest(held.next_send_at, held.next_probe_at);
    if later <= now then
        loop
            message := next_message(name, now);
            exit when message is null or not fold_waiting(message);
        end loop;
        select min(o.not_before) into later from outbox o
        where o.destination = name and o.state = 'pending' and o.not_before > now;
    end if;
    if message is null then
        return query select token, later - now, null::bigint, null, null::jsonb, null::boolean, null::integer,
            null::interval, null::integer, held.failures, null::boolean, null::uuid, null::uuid;
        return;
    end if;

    update outbox o
    set state = 'sending', attempt = o.attempt + 1, doubtful_attempts = o.doubtful_attempts + 1, lease_token = token,
        lease_expires_at = now + lease, message_id = case when o.tried then o.message_id else new_id end
    where o.outbox_id = any(message);
    return query
    select token, interval '0', o.outbox_id, o.kind, o.payload, o.plain, o.attempt, now - o.created_at,
           o.doubtful_attempts, held.failures,
           ends_alert(o.kind) and exists (
               select from outbox opening
               where opening.destination = name and opening.alert_id = o.alert_id and opens_alert(opening.kind)
                 and opening.state = 'dead'),
           o.message_id,
           (select f.message_id from outbox f
            where f.destination = name and f.alert_id = o.alert_id order by f.seq limit 1)
    from outbox o where o.outbox_id = any(message)
    order by o.outbox_id;
end
$$;
comment on function claim_outbox(text, text, text, interval) is
    'Leases a destination to a notifier that has the announced secret, and returns the notifications of its next message.';

-- Settles the message that is being sent, or those notifications of it that are named. All of them get the same outcome:
--   sent     accepted, with the id remote; the next message may follow after a second, or after rest. parent says where, if
--            it is the message that shows its alerts from now on
--   folded   nothing had to be sent, and nothing was; the attempt does not count
--   plain    refused: send it again as plain text
--   dead     given up
--   dropped  given up without having been sent this time; the attempt does not count
--   aside    not tried, because this version cannot read it: it waits for a version that can; the attempt does not count
--   later    the destination has a fault: this message waits
--   paced    too fast: the destination waits; the attempt does not count
--   away     could not be reached: the destination waits; the attempt does not count
--   paused   the destination refuses everything: it is paused for wait, 15 minutes at the least; the attempt does not count
-- If in_doubt, the message may have been delivered without our knowing: no reply came (reply_time is null), or none that is
-- understood. A destination that does not reply waits for rest.
-- sent, plain and dead end a pause, unless in doubt: the destination answered about the message itself, so it takes messages.
create or replace function settle_outbox(
    message bigint[], token uuid, outcome text, wait interval default interval '0', remote text default null,
    error text default null, rest interval default interval '0', in_doubt boolean default false,
    reply_time interval default null, parent jsonb default null
) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    now constant timestamptz := clock();
    pace constant interval := interval '1 second';
    answered constant boolean := outcome in ('sent', 'plain', 'dead') and not in_doubt;
    silent constant boolean := in_doubt and reply_time is null;
    untried constant boolean := outcome in ('aside', 'dropped', 'folded');
    held destinations;
    ours integer;
begin
    if outcome not in ('sent', 'folded', 'plain', 'dead', 'dropped', 'aside', 'later', 'paced', 'away', 'paused') then
        raise exception 'a message is settled as sent, folded, plain, dead, dropped, aside, later, paced, away or paused, not %', outcome
            using errcode = 'invalid_parameter_value';
    end if;
    select d.* into held
    from destinations d join outbox o on o.destination = d.destination
    where o.outbox_id = message[1] for update of d;
    select count(*) into ours from outbox o
    where o.outbox_id = any(message) and o.lease_token = token and o.destination = held.destination;
    if held.lease_token is distinct from token or ours <> cardinality(message) then
        perform raise_lease_lost('message ' || message[1]);
    end if;
    update outbox o
    set state = case outcome when 'sent' then 'sent' when 'folded' then 'folded' when 'dead' then 'dead' when 'dropped' then 'dead' else 'pending' end,
        sent_at = case outcome when 'sent' then now end,
        remote_id = coalesce(remote, o.remote_id),
        plain = (o.plain or outcome = 'plain'),
        attempt = o.attempt - case when outcome in ('folded', 'dropped', 'aside', 'paced', 'away', 'paused') then 1 else 0 end,
        doubtful_attempts = o.doubtful_attempts - case when in_doubt then 0 else 1 end,
        not_before = case when outcome in ('aside', 'later') then now + wait else o.not_before end,
        last_error = case outcome when 'sent' then o.last_error else left(error, 1000) end,
        lease_expires_at = null
    where o.outbox_id = any(message) and o.state = 'sending';
    -- If none is being sent, this settle was done before, and only its reply was lost.
    if untried or not found then
        return;
    end if;
    if parent is not null then
        perform remember_parent(message, parent);
    end if;
    update destinations d
    set next_send_at = now + greatest(case when outcome in ('paced', 'away') then wait end, rest, pace),
        failures = case when outcome = 'away' or silent then d.failures + 1 else 0 end,
        recent_replies = case when reply_time is not null or silent then (reply_time || d.recent_replies)[1:5] else d.recent_replies end,
        last_attempt_at = case when reply_time is not null or silent then now else d.last_attempt_at end,
        paused_at = case when outcome = 'paused' then coalesce(d.paused_at, now) when not answered then d.paused_at end,
        paused_reason = case when outcome = 'paused' then left(error, 1000) when not answered then d.paused_reason end,
        next_probe_at = case when outcome = 'paused' or (d.paused_at is not null and not answered)
            then now + greatest(interval '15 minutes', case outcome when 'paused' then wait end) end
    where d.destination = held.destination;
end
$$;
comment on function settle_outbox(bigint[], uuid, text, interval, text, text, interval, boolean, interval, jsonb) is
    'Records the result of sending a message, for all its notifications, and sets the destination''s pace. May be repeated. Raises JQ001 if the token no longer holds it.';

-- For a notifier that stops. A message that it could not settle becomes pending again.
create or replace function release_destination(name text, notifier text) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
begin
    update destinations d set lease_token = null, lease_expires_at = null
    where d.destination = name and d.notifier_id = notifier;
    if found then
        perform requeue_unsettled(name);
        perform pg_notify('driftwatch_outbox', '');
    end if;
end
$$;
comment on function release_destination(text, text) is 'Ends a notifier''s lease on a destination.';
