-- home_months.sql: what the shop took in, its orders and its new customers, a row a month, oldest first.
-- `bounds` are the starts of the months and the end of the last one. A figure "by now" ends as far into its month as this
-- month has come, so that a month under way is compared with as many days of the one before.
with line as (
    select source_id, customer_id, at, value, width_bucket(at, %(bounds)s::timestamptz[]) as month
    from {view}
    where at >= %(start)s and at < %(end)s
),
-- Regulars are those who bought before that month; the rest is new or has no name.
revenue as (
    select l.month, sum(l.value) as revenue,
        sum(l.value) filter (where f.first_order_at < (%(bounds)s::timestamptz[])[l.month]) as regulars,
        sum(l.value) filter (where l.at < (%(bounds)s::timestamptz[])[l.month] + %(elapsed)s) as revenue_by_now
    from line l left join crm_facts f on f.customer_id = l.customer_id
    group by l.month
),
-- An order belongs to the month of its earliest line, and counts while it is worth something (docs/domain.md 4).
placed as (
    select min(at) as at, min(month) as month
    from line where source_id is not null
    group by source_id having sum(value) > 0
),
orders as (
    select month, count(*) as orders,
        count(*) filter (where at < (%(bounds)s::timestamptz[])[month] + %(elapsed)s) as orders_by_now
    from placed group by month
),
registered as (
    select width_bucket(registered_at, %(bounds)s::timestamptz[]) as month, registered_at as at
    from crm_customer where registered_at >= %(start)s and registered_at < %(end)s
),
customers as (
    select month, count(*) as customers,
        count(*) filter (where at < (%(bounds)s::timestamptz[])[month] + %(elapsed)s) as customers_by_now
    from registered group by month
)
select coalesce(revenue, 0), coalesce(regulars, 0), coalesce(revenue_by_now, 0), coalesce(orders, 0),
    coalesce(orders_by_now, 0), coalesce(customers, 0), coalesce(customers_by_now, 0)
from generate_series(1, %(months)s) as every(month)
left join revenue using (month) left join orders using (month) left join customers using (month)
order by month
