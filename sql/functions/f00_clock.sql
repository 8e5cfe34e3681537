-- The only source of time. Tests replace this function.
create or replace function clock() returns timestamptz
language sql volatile
as 'select clock_timestamp()';
comment on function clock() is 'The current time, for every comparison and every stored time.';

-- Which day it is depends on a time zone. There is one for all: that of the schedule.
create or replace function schedule_zone() returns text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$ select coalesce((select s.time_zone from schedules s where s.schedule_name = 'default'), 'UTC') $$;
comment on function schedule_zone() is 'The time zone of the schedule, in which days begin; UTC if there is no schedule.';

create or replace function schedule_day() returns text
language sql stable security definer set search_path = driftwatch, pg_temp
as $$ select to_char(clock() at time zone schedule_zone(), 'YYYY-MM-DD') $$;
comment on function schedule_day() is 'Today in the time zone of the schedule, such as 2027-01-15.';

-- How payloads write times.
create or replace function rfc3339(at timestamptz) returns text
language sql immutable
as $$ select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') $$;
comment on function rfc3339(timestamptz) is 'A time as RFC 3339 in UTC, in whole seconds.';

-- Stops a writer that no longer holds the lease. It raises instead of returning false, so that the transaction cannot
-- commit by accident.
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

-- The schema's owner and its members may do everything here anyway, and they act for people: the command line passes the
-- person's name. Every other role acts under its own name, so that nobody can act in another's name.
create or replace function may_name_actors() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$ select pg_has_role(session_user, (select c.relowner from pg_class c where c.oid = to_regclass('driftwatch.schema_info')), 'member') $$;
comment on function may_name_actors() is 'Whether the session''s role may act under a name other than its own.';

create or replace function acting_as(actor text) returns text
language plpgsql stable set search_path = driftwatch, pg_temp
as $$
begin
    if actor is null or actor = session_user then
        return session_user;
    elsif not may_name_actors() then
        perform refuse(format('the role %s may not act as %s', session_user, actor),
            'leave the actor out; only the owner of the schema driftwatch may act as somebody else');
    end if;
    return actor;
end
$$;
comment on function acting_as(text) is
    'The name to record for an operator''s action. Refuses a role that names somebody else, unless it owns the schema.';

create or replace function own_actor(person text) returns text
language plpgsql stable set search_path = driftwatch, pg_temp
as $$
begin
    if not may_name_actors() then
        return session_user;
    elsif person is null then
        perform refuse('your name is not known: the login name here is Driftwatch''s own',
            'use --as NAME, or set DRIFTWATCH_ACTOR');
    end if;
    return person;
end
$$;
comment on function own_actor(text) is
    'The name to record for this person: the given name if the session''s role may act for others, otherwise the role''s own. Refuses null from a role that acts for others.';
