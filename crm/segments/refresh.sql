-- refresh.sql: who belongs now against who belonged, as one difference; an unchanged segment writes nothing.
-- `customers` is null for all, else only these may enter or leave.
with want as materialized (
    -- The customers (id) who meet the rules.
    {asked}
),
entered as (
    insert into crm_membership (customer_id, segment_id)
    select id, %(segment)s from want
    where not exists (select from crm_membership m where m.segment_id = %(segment)s and m.customer_id = want.id)
    on conflict do nothing
    returning customer_id
),
gone as (
    delete from crm_membership m
    where segment_id = %(segment)s
        and (%(customers)s::bigint[] is null or customer_id = any(%(customers)s::bigint[]))
        and not exists (select from want where want.id = m.customer_id)
    returning customer_id
),
log as (
    insert into crm_membershipchange (customer_id, segment_id, entered)
    select customer_id, %(segment)s, true from entered
    union all
    select customer_id, %(segment)s, false from gone
)
select (select count(*) from want), (select count(*) from entered), (select count(*) from gone)
