-- Views are replaced in place and keep the comments on their columns. Clear them here; the files that follow set them again.
do $$
declare
    shown record;
begin
    for shown in
        select v.relname as view_name, a.attname as column_name
        from pg_class v
        join pg_attribute a on a.attrelid = v.oid and a.attnum > 0
        where v.relnamespace = 'driftwatch'::regnamespace and v.relkind = 'v'
          and col_description(v.oid, a.attnum) is not null
    loop
        execute format('comment on column %I.%I is null', shown.view_name, shown.column_name);
    end loop;
end
$$;
