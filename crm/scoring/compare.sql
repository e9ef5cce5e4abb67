-- compare.sql: what is kept (public) against what was just computed aside (pg_temp): a row for each difference.
-- Customers who wait in crm_due are not compared: their turn comes within a minute.
with differing as (
    select 'facts' as kind, customer_id
    from public.crm_facts k full join pg_temp.crm_facts f using (customer_id)
    where (k.orders, k.revenue, k.first_order_at, k.last_order_at, k.orders_year,
            k.visits, k.last_visit_at, k.responses, k.last_response_at)
        is distinct from (f.orders, f.revenue, f.first_order_at, f.last_order_at, f.orders_year,
            f.visits, f.last_visit_at, f.responses, f.last_response_at)
    union all
    select 'threshold', customer_id
    from (select * from public.crm_score where model_id = %(model)s) k
    full join (select * from pg_temp.crm_score where model_id = %(model)s) f using (customer_id)
    where (k.r, k.f, k.m) is distinct from (f.r, f.f, f.m)
    union all
    select 'stages', customer_id
    from public.crm_facts k full join pg_temp.crm_facts f using (customer_id)
    where k.stage is distinct from f.stage
)
select kind, customer_id from differing
where (%(customers)s::bigint[] is null or customer_id = any(%(customers)s::bigint[]))
    and not exists (select from crm_due d where d.customer_id = differing.customer_id)
