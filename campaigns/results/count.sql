-- count.sql: what campaigns have brought, one row each (docs/domain.md 5). {view} is the activity of purchases.
with campaign as (
    select id, launched_at, launched_at + make_interval(days => window_days) as ends_at
    from campaigns_campaign where id = any(%(campaigns)s::bigint[]) and launched_at is not null
),
-- Everyone drawn counts, whatever became of the mail: who is left out of the failed would no longer compare with the hold-out.
drawn as materialized (
    select d.campaign_id, d.customer_id, d.state, d.opened_at, d.clicked_at, d.machine_opened_at, d.machine_clicked_at,
        d.unsubscribed_at, c.launched_at, c.ends_at
    from campaigns_delivery d join campaign c on c.id = d.campaign_id
    where d.state <> 'left_out'
),
-- Orders with a row in the window: few, so that nobody's whole history is read.
touched as (
    select distinct d.campaign_id, d.customer_id, p.source_id, d.launched_at
    from drawn d join {view} p on p.customer_id = d.customer_id and p.at >= d.launched_at and p.at < d.ends_at
    where p.source_id is not null
),
-- An order is what its rows add up to, at its earliest row (docs/domain.md 4): it counts while that is above zero.
placed as (
    select t.campaign_id, t.customer_id, sum(p.value) as value
    from touched t join {view} p on p.customer_id = t.customer_id and p.source_id = t.source_id
    group by t.campaign_id, t.customer_id, t.source_id, t.launched_at
    having sum(p.value) > 0 and min(p.at) >= t.launched_at
),
bought as (
    select campaign_id, customer_id, count(*) as orders, sum(value) as revenue
    from placed group by campaign_id, customer_id
)
insert into campaigns_result (
    campaign_id, counted_at, audience, sent, opened, clicked, machine_opened, machine_clicked, unsubscribed,
    reached, buyers, orders, revenue, revenue_squares,
    held_out, held_out_buyers, held_out_orders, held_out_revenue, held_out_revenue_squares
)
select campaign_id, %(now)s, count(*), count(*) filter (where state = 'sent'),
    count(opened_at), count(clicked_at),
    count(*) filter (where machine_opened_at is not null and opened_at is null),
    count(*) filter (where machine_clicked_at is not null and clicked_at is null),
    count(unsubscribed_at),
    count(*) filter (where state <> 'held_out'),
    count(orders) filter (where state <> 'held_out'),
    coalesce(sum(orders) filter (where state <> 'held_out'), 0),
    coalesce(sum(revenue) filter (where state <> 'held_out'), 0),
    coalesce(sum(revenue * revenue) filter (where state <> 'held_out'), 0),
    count(*) filter (where state = 'held_out'),
    count(orders) filter (where state = 'held_out'),
    coalesce(sum(orders) filter (where state = 'held_out'), 0),
    coalesce(sum(revenue) filter (where state = 'held_out'), 0),
    coalesce(sum(revenue * revenue) filter (where state = 'held_out'), 0)
from drawn left join bought using (campaign_id, customer_id)
group by campaign_id
on conflict (campaign_id) do update set
    counted_at = excluded.counted_at, audience = excluded.audience, sent = excluded.sent, opened = excluded.opened,
    clicked = excluded.clicked, machine_opened = excluded.machine_opened, machine_clicked = excluded.machine_clicked,
    unsubscribed = excluded.unsubscribed, reached = excluded.reached, buyers = excluded.buyers, orders = excluded.orders,
    revenue = excluded.revenue, revenue_squares = excluded.revenue_squares, held_out = excluded.held_out,
    held_out_buyers = excluded.held_out_buyers, held_out_orders = excluded.held_out_orders,
    held_out_revenue = excluded.held_out_revenue, held_out_revenue_squares = excluded.held_out_revenue_squares
