-- fresh.sql: without the temporary tables of an import before in the same transaction.
do $$
declare
    name text;
begin
    for name in select relname from pg_class
        where relnamespace = pg_my_temp_schema() and relkind = 'r' and starts_with(relname, 'import_')
    loop
        execute format('drop table %I', name);
    end loop;
end $$;
