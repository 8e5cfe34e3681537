-- A view's column with the same name as a column of one of its tables gets that column's comment.
do $$
declare
    shown record;
begin
    for shown in
        select v.relname as view_name, a.attname as column_name, min(col_description(t.oid, b.attnum)) as meaning
        from pg_class v
        join pg_attribute a on a.attrelid = v.oid and a.attnum > 0
        join information_schema.view_table_usage u
            on u.view_schema = 'driftwatch' and u.view_name = v.relname and u.table_schema = 'driftwatch'
        join pg_class t on t.relnamespace = v.relnamespace and t.relname = u.table_name and t.relkind = 'r'
        join pg_attribute b on b.attrelid = t.oid and b.attname = a.attname
        where v.relnamespace = 'driftwatch'::regnamespace and v.relkind = 'v'
          and col_description(v.oid, a.attnum) is null
        group by v.relname, a.attname
    loop
        execute format('comment on column %I.%I is %L', shown.view_name, shown.column_name, shown.meaning);
    end loop;
end
$$;
