-- facts.sql: one row a customer, from everything that happened before as-of (docs/domain.md 4, "What counts").
-- {view} is the activity of purchases. `customers` is null for all. `windows_at` is the moment from which months are counted back.
with
-- An order is what its rows add up to: it counts while that is above zero, and stands at its earliest row.
-- Rows without an order (credits) lower the revenue and are no order.
purchases as (
    select customer_id,
        count(*) filter (where counts) as orders,
        sum(value) as revenue,
        min(at) filter (where counts) as first_order_at,
        max(at) filter (where counts) as last_order_at,
        count(*) filter (where counts and at >= date_subtract(%(windows_at)s::timestamptz, '12 months', %(zone)s)) as orders_year
    from (
        select customer_id, min(at) as at, sum(value) as value, source_id is not null and sum(value) > 0 as counts
        from {view}
        where customer_id is not null and at < %(as_of)s
            and (%(customers)s::bigint[] is null or customer_id = any(%(customers)s::bigint[]))
        group by customer_id, source_id
    ) as sources
    group by customer_id
),
-- A visit is a run of events with gaps under 30 minutes; it stands at its first event. Only what a human did is an answer
-- (docs/domain.md 3). Both are read in one walk over the events.
behaviour as (
    select customer_id,
        count(*) filter (where begins) as visits, max(at) filter (where begins) as last_visit_at,
        count(*) filter (where responds) as responses, max(at) filter (where responds) as last_response_at
    from (
        select customer_id, at, responds,
            visits and coalesce(at - lag(at) over (partition by customer_id, visits order by at) >= interval '30 minutes', true) as begins
        from (
            select customer_id, at, kind = any(%(visit_kinds)s) as visits,
                kind = any(%(response_kinds)s) and properties ->> 'agent' = 'human' as responds
            from crm_event
            where (kind = any(%(visit_kinds)s) or kind = any(%(response_kinds)s)) and at < %(as_of)s
                and (%(customers)s::bigint[] is null or customer_id = any(%(customers)s::bigint[]))
        ) as steps
    ) as moves
    group by customer_id
),
-- Everyone who is known, and every visitor who did something: mostly a visit, else it is looked for, event by event.
known as (
    select id as customer_id from crm_customer
    where registered_at is not null and (%(customers)s::bigint[] is null or id = any(%(customers)s::bigint[]))
    union all
    select id from crm_customer c
    where registered_at is null and (%(customers)s::bigint[] is null or id = any(%(customers)s::bigint[]))
        and (id in (select customer_id from behaviour)
            or exists (select from crm_event e where e.customer_id = c.id and e.at < %(as_of)s))
),
fresh as (
    select customer_id, coalesce(orders, 0) as orders, coalesce(revenue, 0) as revenue, first_order_at, last_order_at,
        coalesce(orders_year, 0) as orders_year, coalesce(visits, 0) as visits, last_visit_at,
        coalesce(responses, 0) as responses, last_response_at
    from known
    left join purchases using (customer_id)
    left join behaviour using (customer_id)
),
-- Unchanged rows are left out before the write: an upsert that changes nothing still locks and logs every row.
different as (
    select fresh.* from fresh left join crm_facts as old using (customer_id)
    where old.customer_id is null
        or (old.orders, old.revenue, old.first_order_at, old.last_order_at, old.orders_year,
            old.visits, old.last_visit_at, old.responses, old.last_response_at)
        is distinct from (fresh.orders, fresh.revenue, fresh.first_order_at, fresh.last_order_at, fresh.orders_year,
            fresh.visits, fresh.last_visit_at, fresh.responses, fresh.last_response_at)
),
written as (
    insert into crm_facts (customer_id, orders, revenue, first_order_at, last_order_at, orders_year,
        visits, last_visit_at, responses, last_response_at)
    select * from different
    on conflict (customer_id) do update set
        orders = excluded.orders, revenue = excluded.revenue,
        first_order_at = excluded.first_order_at, last_order_at = excluded.last_order_at, orders_year = excluded.orders_year,
        visits = excluded.visits, last_visit_at = excluded.last_visit_at,
        responses = excluded.responses, last_response_at = excluded.last_response_at
    returning 1
),
-- A visitor whose events are gone is nobody.
gone as (
    delete from crm_facts f
    where (%(customers)s::bigint[] is null or customer_id = any(%(customers)s::bigint[]))
        and not exists (select from known k where k.customer_id = f.customer_id)
    returning 1
)
select (select count(*) from known), (select count(*) from written) + (select count(*) from gone)
