-- statistical.sql: nested fifths (docs/domain.md 4, Fig. 6.11): R over all, F within R, M within R and F.
-- Ties fall by the next measure and last by id, so that two runs agree to the row.
with recency as (
    select customer_id, orders, revenue,
        ntile(5) over (order by last_order_at, orders, revenue, customer_id) as r
    from crm_facts where orders > 0
),
frequency as (
    select customer_id, revenue, r, ntile(5) over (partition by r order by orders, revenue, customer_id) as f from recency
),
ranked as (
    select customer_id, r::smallint, f::smallint,
        ntile(5) over (partition by r, f order by revenue, customer_id)::smallint as m
    from frequency
),
-- Unchanged rows are left out before the write: a quiet night writes nothing.
different as (
    select ranked.* from ranked
    left join crm_score as old on old.customer_id = ranked.customer_id and old.model_id = %(model)s
    where (old.r, old.f, old.m) is distinct from (ranked.r, ranked.f, ranked.m)
),
written as (
    insert into crm_score (customer_id, model_id, r, f, m)
    select customer_id, %(model)s, r, f, m from different
    on conflict (customer_id, model_id) do update set r = excluded.r, f = excluded.f, m = excluded.m
    returning 1
),
-- Without a counted order there is no class.
gone as (
    delete from crm_score s
    where model_id = %(model)s and not exists (select from crm_facts f where f.customer_id = s.customer_id and f.orders > 0)
    returning 1
)
select (select count(*) from ranked), (select count(*) from written) + (select count(*) from gone)
