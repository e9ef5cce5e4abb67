-- take_due.sql: customers to look at again. The rows go with this transaction; rows that another one holds are left to it.
with waiting as materialized (
    select id from crm_due order by id limit %(limit)s for update skip locked
),
taken as (
    delete from crm_due d using waiting w where d.id = w.id returning d.customer_id
)
select distinct customer_id from taken
