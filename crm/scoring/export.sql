-- export.sql: every identified customer with facts, class and stage, by the id that others know it by.
with named as (
    select c.id, coalesce(
        (select external_id from crm_customerreference r where r.customer_id = c.id order by r.id limit 1), c.public_id::text) as name
    from crm_customer c where c.registered_at is not null
)
select name, last_order_at, orders, orders_year, revenue, r, f, m, stage
from named
join crm_facts on crm_facts.customer_id = id
left join crm_score on crm_score.customer_id = id and model_id = %(model)s
order by name, id
