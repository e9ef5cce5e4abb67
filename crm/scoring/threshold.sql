-- threshold.sql: classes by bounds that the marketer sets (docs/domain.md 4, Table 6.4).
-- Months are calendar months back from `windows_at` on the shop's clocks, the day clamped; what lies on the bound is within.
with bounds as materialized (
    select date_subtract(%(windows_at)s::timestamptz, '1 month', %(zone)s) as month_1,
        date_subtract(%(windows_at)s::timestamptz, '3 months', %(zone)s) as month_3,
        date_subtract(%(windows_at)s::timestamptz, '6 months', %(zone)s) as month_6,
        date_subtract(%(windows_at)s::timestamptz, '12 months', %(zone)s) as month_12,
        %(monetary)s::numeric[] as money
),
classed as (
    select customer_id,
        (case when last_order_at >= month_1 then 5 when last_order_at >= month_3 then 4
            when last_order_at >= month_6 then 3 when last_order_at >= month_12 then 2 else 1 end)::smallint as r,
        (case when orders_year >= 12 then 5 when orders_year >= 6 then 4
            when orders_year >= 4 then 3 when orders_year >= 2 then 2 else 1 end)::smallint as f,
        -- The average is revenue by orders; compared as revenue against bound times orders, so that nothing is rounded.
        (case when revenue < money[1] * orders then 1 when revenue < money[2] * orders then 2
            when revenue < money[3] * orders then 3 when revenue <= money[4] * orders then 4 else 5 end)::smallint as m
    from crm_facts, bounds
    where orders > 0 and (%(customers)s::bigint[] is null or customer_id = any(%(customers)s::bigint[]))
),
-- Unchanged rows are left out before the write.
different as (
    select classed.* from classed
    left join crm_score as old on old.customer_id = classed.customer_id and old.model_id = %(model)s
    where (old.r, old.f, old.m) is distinct from (classed.r, classed.f, classed.m)
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
    where model_id = %(model)s and (%(customers)s::bigint[] is null or customer_id = any(%(customers)s::bigint[]))
        and not exists (select from crm_facts f where f.customer_id = s.customer_id and f.orders > 0)
    returning 1
)
select (select count(*) from classed), (select count(*) from written) + (select count(*) from gone)
