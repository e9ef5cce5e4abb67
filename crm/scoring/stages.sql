-- stages.sql: the seven lifecycle stages (docs/domain.md 3, Fig. 6.10), from facts and the day of registration.
-- Days are counted back from `windows_at` on the shop's clocks; what lies on the bound is within.
with bounds as materialized (
    select date_subtract(%(windows_at)s::timestamptz, make_interval(days => %(inactive_after_days)s), %(zone)s) as active_since,
        date_subtract(%(windows_at)s::timestamptz, make_interval(days => %(response_window_days)s), %(zone)s) as answered_since
),
staged as (
    select f.customer_id, f.stage as old,
        (case
            when c.registered_at is null then case when f.visits < 2 then 1 else 2 end
            -- As of an earlier date the customer was not there yet.
            when c.registered_at >= %(as_of)s then null
            when f.orders = 0 then
                case when (f.last_visit_at at time zone %(zone)s)::date > (c.registered_at at time zone %(zone)s)::date then 4 else 3 end
            when f.last_order_at >= active_since and f.last_response_at >= answered_since then 7
            when f.last_order_at >= active_since or f.last_response_at >= answered_since then 5
            else 6
        end)::smallint as stage
    from crm_facts f join crm_customer c on c.id = f.customer_id, bounds
    where %(customers)s::bigint[] is null or f.customer_id = any(%(customers)s::bigint[])
),
written as (
    update crm_facts f set stage = s.stage from staged s
    where f.customer_id = s.customer_id and s.old is distinct from s.stage
    returning 1
)
select (select count(*) from staged), (select count(*) from written)
