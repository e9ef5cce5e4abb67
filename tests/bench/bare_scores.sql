-- The limit of scoring: the same results by plain statements, without a lock, a queue or a difference, into tables like ours.
-- Functions, so that a part of the customers can be asked for; null for all. As of now, in the shop's zone.
create or replace function bare_facts(ids bigint[]) returns table (
    customer_id bigint, orders bigint, revenue numeric, first_order_at timestamptz, last_order_at timestamptz, orders_year bigint,
    visits bigint, last_visit_at timestamptz, responses bigint, last_response_at timestamptz
) language sql stable as $$
    with o as (
        select customer_id, source_id, min(at) as at, sum(value) as value from orders_purchase
        where customer_id is not null and at < now() and (ids is null or customer_id = any(ids)) group by 1, 2
    ),
    p as (
        select customer_id, count(*) filter (where value > 0 and source_id is not null) as orders, sum(value) as revenue,
            min(at) filter (where value > 0 and source_id is not null) as first_order_at,
            max(at) filter (where value > 0 and source_id is not null) as last_order_at,
            count(*) filter (where value > 0 and source_id is not null and at >= now() - interval '12 months') as orders_year
        from o group by 1
    ),
    v as (
        select customer_id, count(*) as visits, max(at) as last_visit_at from (
            select customer_id, at, lag(at) over (partition by customer_id order by at) as before from crm_event
            where kind = 'page' and (ids is null or customer_id = any(ids))
        ) s where before is null or at - before >= interval '30 minutes' group by 1
    ),
    a as (
        select customer_id, count(*) as responses, max(at) as last_response_at from crm_event
        where kind in ('mail_opened', 'mail_clicked') and properties ->> 'agent' = 'human' and (ids is null or customer_id = any(ids))
        group by 1
    )
    select c.id, coalesce(orders, 0), coalesce(revenue, 0), first_order_at, last_order_at, coalesce(orders_year, 0),
        coalesce(visits, 0), last_visit_at, coalesce(responses, 0), last_response_at
    from crm_customer c
    left join p on p.customer_id = c.id left join v on v.customer_id = c.id left join a on a.customer_id = c.id
    where ids is null or c.id = any(ids)
$$;
create or replace function bare_threshold(ids bigint[]) returns table (customer_id bigint, r smallint, f smallint, m smallint)
language sql stable as $$
    select customer_id,
        (case when last_order_at >= now() - interval '1 month' then 5 when last_order_at >= now() - interval '3 months' then 4
            when last_order_at >= now() - interval '6 months' then 3 when last_order_at >= now() - interval '12 months' then 2 else 1 end)::smallint,
        (case when orders_year >= 12 then 5 when orders_year >= 6 then 4 when orders_year >= 4 then 3 when orders_year >= 2 then 2 else 1 end)::smallint,
        (case when revenue / orders < 250000 then 1 when revenue / orders < 750000 then 2 when revenue / orders < 1250000 then 3
            when revenue / orders <= 2500000 then 4 else 5 end)::smallint
    from bare_crm_facts where orders > 0 and (ids is null or customer_id = any(ids))
$$;
create or replace function bare_statistical() returns table (customer_id bigint, r smallint, f smallint, m smallint)
language sql stable as $$
    with r as (
        select customer_id, orders, revenue, ntile(5) over (order by last_order_at, orders, revenue, customer_id) as r
        from bare_crm_facts where orders > 0
    ),
    f as (select *, ntile(5) over (partition by r order by orders, revenue, customer_id) as f from r)
    select customer_id, r::smallint, f::smallint, ntile(5) over (partition by r, f order by revenue, customer_id)::smallint from f
$$;
create or replace function bare_stages(ids bigint[]) returns table (customer_id bigint, stage smallint) language sql stable as $$
    select f.customer_id, (case
        when c.registered_at is null then case when f.visits < 2 then 1 else 2 end
        when f.orders = 0 then case when f.last_visit_at::date > c.registered_at::date then 4 else 3 end
        when f.last_order_at >= now() - interval '365 days' and f.last_response_at >= now() - interval '90 days' then 7
        when f.last_order_at >= now() - interval '365 days' or f.last_response_at >= now() - interval '90 days' then 5
        else 6 end)::smallint
    from bare_crm_facts f join crm_customer c on c.id = f.customer_id where ids is null or f.customer_id = any(ids)
$$;
