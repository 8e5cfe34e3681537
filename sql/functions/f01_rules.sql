-- Rules that functions, views and Swift share, one function each. They are written so that PostgreSQL copies them into the
-- query that calls them (one expression, and neither SECURITY DEFINER nor SET): a rule costs no call per row. The rule on
-- which servers are checked is the view eligible_servers.

-- For comparisons in views and sets: as a scalar subquery, (select statement_clock()), it is read once per statement, and
-- the planner can use an index. Without the low cost, rules that call it make a query over many rows seem expensive.
create or replace function statement_clock() returns timestamptz
language sql stable cost 1
as $$ select driftwatch.clock() $$;
comment on function statement_clock() is 'The current time, for a statement that compares many rows with it.';

create or replace function on_hold(disabled_at timestamptz, disabled_until timestamptz) returns boolean
language sql stable
as $$ select disabled_at is not null and coalesce(disabled_until > driftwatch.statement_clock(), true) $$;
comment on function on_hold(timestamptz, timestamptz) is
    'Whether a hold with this start and end is in force. Start null: there is no hold. End null: it has no end.';

-- Only the worker on the server itself may claim the jobs of a local server.
create or replace function queue_of(server_id text, connection text, queue text) returns text
language sql immutable
as $$ select case connection when 'local' then 'local:' || server_id else queue end $$;
comment on function queue_of(text, text, text) is 'The queue of a server''s jobs: servers.queue, or local:ID.';

create or replace function is_alive(state text, last_seen_at timestamptz) returns boolean
language sql stable
as $$ select state <> 'stopped' and last_seen_at > driftwatch.statement_clock() - interval '60 seconds' $$;
comment on function is_alive(text, timestamptz) is 'Whether a process with this state and this last sign of life counts as alive.';

-- Only workers have queues.
create or replace function serves(state text, last_seen_at timestamptz, queues text[], queue text) returns boolean
language sql stable
as $$ select state = 'running' and driftwatch.is_alive(state, last_seen_at) and queue = any(queues) $$;
comment on function serves(text, timestamptz, text[], text) is
    'Whether a process is a worker that claims jobs of this queue now.';

-- The xmax of a row is the transaction that holds it, or a number that stands for several. Nothing says which of both it
-- is; a number that stands for none raises an error.
create or replace function is_held_by(row_xmax xid, holder xid) returns boolean
language plpgsql stable set search_path = driftwatch, pg_temp
as $$
begin
    if row_xmax = holder then
        return true;
    end if;
    return holder in (select m.xid from pg_get_multixact_members(row_xmax) m);
exception when others then
    return false;
end
$$;
comment on function is_held_by(xid, xid) is 'Whether a row with this xmax is held by this transaction, alone or with others.';

create or replace function server_is_eligible(server text) returns boolean
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
begin
    return exists (select from eligible_servers e where e.server_id = server);
end
$$;
comment on function server_is_eligible(text) is 'Whether a server is to be checked: whether eligible_servers has it.';

create or replace function queue_of(server text) returns text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$ select queue_of(s.server_id, s.connection, s.queue) from servers s where s.server_id = server $$;
comment on function queue_of(text) is 'The queue of this server''s jobs.';
