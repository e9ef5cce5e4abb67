-- freeze.sql: a campaign's audience.
with asked (customer_id, address, reason) as materialized (
    -- The segment's members, each with the reason, if any, not to write to them (contactability, by the ORM).
    {asked}
),
reachable as (
    -- Of customers who share an address the one with the lowest id stands for it.
    select customer_id, address, row_number() over (partition by address order by customer_id) as nth
    from asked where reason = ''
),
drawn as (
    -- The hold-out is drawn from those who could be reached, by a hash of campaign and customer: no list order can favour anyone.
    select customer_id, address,
        row_number() over (order by md5(%(campaign)s::text || ':' || customer_id), customer_id) <= floor(%(share)s * count(*) over ()) as held_out
    from reachable where nth = 1
)
insert into campaigns_delivery (campaign_id, customer_id, address, state, reason)
select %(campaign)s, customer_id, address, case when held_out then 'held_out' else 'queued' end, '' from drawn
union all
select %(campaign)s, customer_id, left(address, 254), 'left_out', reason from asked where reason <> ''
union all
select %(campaign)s, customer_id, address, 'left_out', 'same_address' from reachable where nth > 1
-- In the order of customers: kinder to the indexes, and as good as any.
order by customer_id
