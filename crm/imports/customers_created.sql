-- customers_created.sql: customers who are not here yet, in the order of their ids in the file, so that ids here follow. No consent comes
-- with them. Keys that are one address (a phone in two forms) make one customer; the others then find it.
with numbered as (
    select key, nextval(pg_get_serial_sequence('crm_customer', 'id')) as id
    from (
        select min(key) as key from import_customer where id is null and known_by = %(known_by)s
        group by external_id, lower(email), case known_by when 'phone' then phone end
        order by external_id, min(key)
    ) missing
),
new as (
    update import_customer c set id = n.id, is_new = true from numbered n where n.key = c.key
    returning c.id, c.name, c.email, c.phone, c.country, c.first_at
)
insert into crm_customer (id, name, email, phone, country, source, registered_at)
select id, name, email, phone, country, %(source)s, first_at from new order by id
