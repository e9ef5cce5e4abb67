-- customers_matched.sql: customers not yet found, by e-mail address or phone. Whoever already has another id in this kind of file is
-- somebody else (families share a phone), and nobody is taken by two ids; the first id in the file and the oldest customer win.
with missing as (
    select * from import_customer where id is null and known_by = %(known_by)s
),
candidates as (
    select m.key, m.external_id, k.id, 1 as by from missing m join crm_customer k on k.email_key = lower(m.email) and k.email <> ''
    where m.email <> ''
    union all
    select m.key, m.external_id, k.id, 2 from missing m join crm_customer k on k.phone = m.phone and k.phone <> ''
    where m.phone <> ''
),
free as (
    select * from candidates a where a.external_id is null or not exists (
        select from crm_customerreference r where r.customer_id = a.id and r.source = %(source)s
    )
),
best as (
    select distinct on (key) key, external_id, id from free order by key, by, id
),
once as (
    select key, id, external_id is null or row_number() over (partition by id order by external_id) = 1 as is_first from best
)
update import_customer c set id = o.id from once o where o.key = c.key and o.is_first
