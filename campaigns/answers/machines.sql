-- machines.sql: clicks that later hits show to be a scanner's: the hidden link was hit by that delivery, or three links or
-- more within 2 seconds.
with touched as (
    select distinct d.id, d.customer_id, c.launched_at
    from hit h join campaigns_delivery d on d.id = h.number join campaigns_campaign c on c.id = d.campaign_id
    where h.door in ('c', 'h')
),
-- The newest 200 of a delivery: one that clicks in a loop must not hold up the others.
clicks as materialized (
    select t.id as delivery_id, t.customer_id, e.*
    from touched t cross join lateral (
        select e.at, e.id, e.kind, e.properties ->> 'agent' as agent, e.properties ->> 'link' as link from crm_event e
        where e.customer_id = t.customer_id and e.at >= t.launched_at and e.object_id = t.id
          and e.kind in ('mail_clicked', 'mail_scanned')
        order by e.at desc, e.id desc limit 200
    ) e
),
hidden as (
    select distinct delivery_id from clicks where kind = 'mail_scanned'
),
bursts as (
    select c.delivery_id, c.at from clicks c join clicks n on n.delivery_id = c.delivery_id and n.at >= c.at and n.at <= c.at + interval '2 seconds'
    where c.kind = 'mail_clicked' and n.kind = 'mail_clicked'
    group by c.delivery_id, c.id, c.at having count(distinct n.link) >= 3
),
machines as (
    select customer_id, at, id from clicks c
    where agent <> 'machine' and (
        exists (select from hidden where hidden.delivery_id = c.delivery_id)
        or exists (select from bursts b where b.delivery_id = c.delivery_id and c.at >= b.at and c.at <= b.at + interval '2 seconds')
    )
)
update crm_event e set properties = e.properties || '{"agent": "machine"}'
from machines m where e.customer_id = m.customer_id and e.at = m.at and e.id = m.id
