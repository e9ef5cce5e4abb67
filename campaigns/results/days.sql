-- days.sql: how many of a campaign's customers placed their first counted order on each day of its window, by group.
with drawn as materialized (
    select customer_id, state = 'held_out' as held
    from campaigns_delivery where campaign_id = %(campaign)s and state <> 'left_out'
),
-- As in count.sql: orders with a row in the window, then what each adds up to.
touched as (
    select distinct customer_id, held, p.source_id
    from drawn join {view} p using (customer_id)
    where p.source_id is not null and p.at >= %(launched_at)s and p.at < %(ends_at)s
),
placed as (
    select customer_id, held, min(p.at) as at
    from touched join {view} p using (customer_id, source_id)
    group by customer_id, held, source_id
    having sum(p.value) > 0 and min(p.at) >= %(launched_at)s
),
firsts as (
    select customer_id, held, (min(at) - %(launched_at)s::timestamptz) as after from placed group by customer_id, held
)
-- Days are runs of 24 hours from the launch.
select floor(extract(epoch from after) / 86400)::int as day,
    count(*) filter (where not held) as reached, count(*) filter (where held) as held_out
from firsts group by day order by day
