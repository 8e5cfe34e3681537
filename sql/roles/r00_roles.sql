-- Makes the roles that are missing: one that each process logs in as, and two that people's own roles become members of.
-- They have no password until somebody sets one.
do $$
declare
    wanted record;
begin
    for wanted in
        select * from (values
            ('driftwatch_scheduler', 'login', 'Driftwatch: the scheduler logs in as this.'),
            ('driftwatch_worker', 'login', 'Driftwatch: workers log in as this.'),
            ('driftwatch_notifier', 'login', 'Driftwatch: the notifier logs in as this.'),
            ('driftwatch_web', 'login', 'Driftwatch: the pages log in as this.'),
            ('driftwatch_reader', 'nologin', 'Driftwatch: members may read everything.'),
            ('driftwatch_operator', 'nologin', 'Driftwatch: members may read everything, and act through functions.')
        ) r (name, login, meaning)
        where not exists (select from pg_roles p where p.rolname = r.name)
    loop
        execute format('create role %I %s', wanted.name, wanted.login);
        execute format('comment on role %I is %L', wanted.name, wanted.meaning);
    end loop;
end
$$;
