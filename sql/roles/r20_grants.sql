-- Grants what role_privileges says to the roles that exist, and takes everything else from them. PostgreSQL lets everybody
-- execute a new function, and these run as the schema's owner, so that is taken away first.
do $$
declare
    known record;
    granted record;
begin
    for known in
        select p.oid::regprocedure as function, p.proname::text as name from pg_proc p
        where p.pronamespace = 'driftwatch'::regnamespace and pg_has_role(p.proowner, 'usage')
    loop
        execute format('revoke execute on function %s from public', known.function);
    end loop;
    for known in
        select r.rolname as name from pg_roles r
        where r.rolname in (select p.role_name from driftwatch.role_privileges p)
    loop
        if not has_schema_privilege(known.name, 'driftwatch', 'usage') then
            execute format('grant usage on schema driftwatch to %I', known.name);
        end if;
        for granted in
            select c.oid::regclass as relation from pg_class c
            where c.relnamespace = 'driftwatch'::regnamespace and c.relkind in ('r', 'v') and pg_has_role(c.relowner, 'usage')
        loop
            execute format('revoke all on %s from %I', granted.relation, known.name);
        end loop;
        execute (
            select coalesce(string_agg(format('revoke execute on function %s from %I', p.oid::regprocedure, known.name), ';'), '')
            from pg_proc p where p.pronamespace = 'driftwatch'::regnamespace and pg_has_role(p.proowner, 'usage'));
    end loop;
    for granted in
        select g.role_name, p.oid::regprocedure as function from driftwatch.role_privileges g
        join pg_proc p on p.proname = g.object_name and p.pronamespace = 'driftwatch'::regnamespace
        where g.kind = 'function'
          and (g.role_name = 'public' or exists (select from pg_roles r where r.rolname = g.role_name))
    loop
        execute format('grant execute on function %s to %s', granted.function,
            case granted.role_name when 'public' then 'public' else quote_ident(granted.role_name) end);
    end loop;
    for granted in
        select g.role_name, c.oid::regclass as relation from driftwatch.role_privileges g
        join pg_roles r on r.rolname = g.role_name
        join pg_class c on c.relnamespace = 'driftwatch'::regnamespace and c.relkind in ('r', 'v')
            and (c.relname = g.object_name or (g.object_name = '*' and c.relkind = 'v')) and pg_has_role(c.relowner, 'usage')
        where g.kind = 'relation'
    loop
        execute format('grant select on %s to %I', granted.relation, granted.role_name);
    end loop;
end
$$;
