-- The heartbeat: a sign to a monitoring service after each slot whose jobs have all ended. A claim is a lease on the newest
-- complete slot of the schedule; older ones are not made up for.

create or replace function claim_heartbeat(lease interval) returns table (slot_at timestamptz)
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
#variable_conflict use_column
declare
    newest timestamptz;
begin
    select max(s.slot_at) into newest from slots s
    where s.schedule_name = 'default' and s.fired_at is not null and s.completed_at is not null;
    return query
    update slots s set heartbeat_due_at = clock() + lease
    where s.schedule_name = 'default' and s.slot_at = newest and s.heartbeat_at is null
      and coalesce(s.heartbeat_due_at <= clock(), true)
    returning s.slot_at;
end
$$;
comment on function claim_heartbeat(interval) is
    'Leases the newest complete slot if its heartbeat is still to be sent. Another call gets it only when the lease is over.';

-- Retries after 10 s, then twice as long each time, up to 5 minutes.
create or replace function settle_heartbeat(slot timestamptz, error text default null) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    update slots s
    set heartbeat_at = case when error is null then clock() end, heartbeat_error = left(error, 300),
        heartbeat_failures = case when error is null then s.heartbeat_failures else s.heartbeat_failures + 1 end,
        heartbeat_due_at = clock() + least(interval '10 seconds' * 2 ^ least(s.heartbeat_failures, 9), interval '5 minutes')
    where s.schedule_name = 'default' and s.slot_at = slot and s.heartbeat_at is null
$$;
comment on function settle_heartbeat(timestamptz, text) is 'Records that the heartbeat of a slot was sent, or why not.';
