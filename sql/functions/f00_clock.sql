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

-- The schema's owner, and who is a member of it, may do everything here anyway, and asks for people: the command line
-- gives the name of the person. Every other role is its own name, so that nobody can put a deed down to somebody else.
create or replace function may_name_actors() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$ select pg_has_role(session_user, (select nspowner from pg_namespace where nspname = 'driftwatch'), 'member') $$;
comment on function may_name_actors() is 'Whether the session''s role may act under another name than its own.';

create or replace function acting_as(actor text) returns text
language plpgsql stable set search_path = driftwatch, pg_temp
as $$
begin
    if actor is null or actor = session_user then
        return session_user;
    elsif not may_name_actors() then
        perform refuse(format('the role %s may not act as %s', session_user, actor),
            'leave the actor out; only the owner of the schema driftwatch may name another');
    end if;
    return actor;
end
$$;
comment on function acting_as(text) is
    'The name under which an operator''s deed is written down; refuses a role that names another and is not the schema''s owner.';

create or replace function own_actor(person text) returns text
language plpgsql stable set search_path = driftwatch, pg_temp
as $$
begin
    if not may_name_actors() then
        return session_user;
    elsif person is null then
        perform refuse('it is not known who you are: the login name here is the one of Driftwatch itself',
            'say --as NAME, or set DRIFTWATCH_ACTOR');
    end if;
    return person;
end
$$;
comment on function own_actor(text) is
    'The name to act under for a person of this name: that name if the session''s role may give it, the role''s own if not. Refuses null from a role that has to name the person.';
