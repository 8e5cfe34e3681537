-- What operators do with destinations. resume_destination is in f40_operators.sql.

create or replace function add_destination(
    destination text, kind text, settings jsonb, packs text[] default '{}', labels jsonb default '{}',
    severities text[] default '{}', actor text default session_user
) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    unknown text;
begin
    actor := acting_as(actor);
    if destination !~ '^[a-z0-9][a-z0-9._-]{0,62}$' then
        perform refuse(format('%s is not a name for a destination', quote_literal(destination)),
            'use up to 63 small letters, digits, dots, dashes and underscores');
    elsif destination = 'default' then
        perform refuse('default is the destination of the notifier''s own settings', 'choose another name');
    elsif kind not in ('slack', 'webhook', 'email', 'console') then
        perform refuse(format('there is no kind of destination %s', quote_literal(kind)),
            'the kinds are slack, webhook, email and console');
    end if;
    select p into unknown from unnest(packs) p where p not in (select k.pack_name from packs k) order by p limit 1;
    if found then
        perform refuse(format('there is no pack %s', unknown), 'driftwatch status shows the assigned packs');
    end if;
    select s into unknown from unnest(severities) s where s not in ('warning') order by s limit 1;
    if found then
        perform refuse(format('there is no severity %s', quote_literal(unknown)), 'the severities are: warning');
    end if;
    insert into destinations (destination, kind, settings, packs, labels, severities, next_send_at)
    values (destination, kind, settings, packs, labels, severities, clock())
    on conflict do nothing;
    if not found then
        perform refuse(format('there is a destination %s already', destination),
            format('driftwatch destination remove %s removes it', destination));
    end if;
    perform write_audit(actor, 'add_destination', 'destination ' || destination,
        jsonb_build_object('kind', kind, 'settings', settings, 'packs', packs, 'labels', labels, 'severities', severities));
    perform pg_notify('driftwatch_outbox', '');
end
$$;
comment on function add_destination(text, text, jsonb, text[], jsonb, text[], text) is
    'Adds a destination, which takes the alerts of these packs, labels and severities. settings names files with secrets, never a secret.';

create or replace function pause_destination(destination text, reason text, actor text default session_user) returns void
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
begin
    actor := acting_as(actor);
    if coalesce(btrim(reason), '') = '' then
        perform refuse('a pause needs a reason', 'give a reason, for the next person who wonders');
    end if;
    update destinations d set held_at = coalesce(d.held_at, clock()), held_by = actor, held_reason = reason
    where d.destination = pause_destination.destination;
    if not found then
        perform refuse_unknown('destination', destination);
    end if;
    perform write_audit(actor, 'pause_destination', 'destination ' || destination, jsonb_build_object('reason', reason));
end
$$;
comment on function pause_destination(text, text, text) is
    'Keeps the messages to a destination waiting until resume_destination. A message that is being sent is finished.';

create or replace function remove_destination(
    destination text, even_unsent boolean default false, actor text default session_user
) returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_variable
declare
    unsent integer;
    old destinations;
begin
    actor := acting_as(actor);
    select * into old from destinations d where d.destination = remove_destination.destination for update;
    if not found then
        perform refuse_unknown('destination', destination);
    elsif destination = 'default' and old.lease_expires_at > clock() then
        perform refuse(format('%s sends to default', old.notifier_id),
            'take the settings of default away from it (DRIFTWATCH_NOTIFY, DRIFTWATCH_SLACK_…) and restart it');
    end if;
    -- Waits for transactions that have just queued a message for it. Those that come later no longer see it.
    lock table outbox in share mode;
    select count(*) into unsent from outbox o
    where o.destination = remove_destination.destination and o.state in ('pending', 'sending');
    if unsent > 0 and not even_unsent then
        perform refuse(format('%s to %s %s not been sent', case unsent when 1 then '1 message' else unsent || ' messages' end,
                              destination, case unsent when 1 then 'has' else 'have' end),
            format('driftwatch destination remove %s --yes gives up what is unsent', destination));
    end if;
    update outbox o
    set state = 'dead', lease_expires_at = null,
        last_error = 'its destination was removed by ' || actor
                     || case o.state when 'sending' then '; it may have been delivered' else '' end
    where o.destination = remove_destination.destination and o.state in ('pending', 'sending');
    delete from destinations d where d.destination = remove_destination.destination;
    perform write_audit(actor, 'remove_destination', 'destination ' || destination, jsonb_build_object('given_up', unsent));
    perform pg_notify('driftwatch_outbox', '');
    return unsent;
end
$$;
comment on function remove_destination(text, boolean, text) is
    'Removes a destination and returns how many unsent messages to it were given up. Refuses if there are any, unless even_unsent.';
