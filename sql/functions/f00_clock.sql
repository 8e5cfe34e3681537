-- The only source of time. Tests put another function in its place.
create or replace function clock() returns timestamptz
language sql volatile
as 'select clock_timestamp()';
comment on function clock() is 'The time, for every comparison and every stored instant.';

-- RFC 3339 in UTC, whole seconds: how payloads write instants.
create or replace function rfc3339(at timestamptz) returns text
language sql immutable
as $$ select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') $$;
comment on function rfc3339(timestamptz) is 'An instant as RFC 3339 in UTC, in whole seconds.';

-- Refuses a writer that does not hold what it writes to. Raising, not returning false: a transaction that goes on
-- after this cannot commit by accident.
create or replace function raise_lease_lost(subject text) returns void
language plpgsql
as $$
begin
    raise exception 'the lease on % is lost', subject using errcode = 'JQ001';
end
$$;
comment on function raise_lease_lost(text) is 'Raises SQLSTATE JQ001: the caller no longer holds the lease.';

create or replace function write_audit(actor text, action text, subject text, detail jsonb default '{}') returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$ insert into audit_log (at, actor, action, subject, detail) values (clock(), actor, action, subject, detail) $$;
comment on function write_audit(text, text, text, jsonb) is 'Adds a row to audit_log.';
