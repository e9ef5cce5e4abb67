-- days.sql: how many of a campaign's customers placed their first counted order on each day of its window, by group.
with drawn as materialized (
    select customer_id, state = 'held_out' as held
    from campaigns_delivery where campaign_id = %(campaign)s and state <> 'left_out'
),
placed as (
    select customer_id, held, min(p.at) as at
    from drawn join {view} p using (customer_id)
    where p.source_id is not null
    group by customer_id, held, p.source_id
    having sum(p.value) > 0 and min(p.at) >= %(launched_at)s and min(p.at) < %(ends_at)s
),
firsts as (
    select customer_id, held, (min(at) - %(launched_at)s::timestamptz) as after from placed group by customer_id, held
)
-- Days are runs of 24 hours from the launch.
select floor(extract(epoch from after) / 86400)::int as day,
    count(*) filter (where not held) as reached, count(*) filter (where held) as held_out
from firsts group by day order by day
