-- buyers.sql: of these customers of a campaign, who ordered within its window, and for how much.
select p.customer_id, sum(p.value) as revenue
from (
    select customer_id, sum(value) as value
    from {view}
    where customer_id = any(%(customers)s::bigint[]) and source_id is not null
    group by customer_id, source_id
    having sum(value) > 0 and min(at) >= %(launched_at)s and min(at) < %(ends_at)s
) p
group by p.customer_id
