-- derive_events.sql: make an app's derived events equal to its source rows; only differences are written.
with wanted as materialized (
    select customer_id, at, kind, channel, app, object_id, properties, value
    from {view}
    where %(customers)s::bigint[] is null or customer_id = any(%(customers)s::bigint[])
),
present as materialized (
    select customer_id, at, id, kind, channel, app, object_id, properties, value
    from crm_event
    where app = %(app)s and kind = any(%(kinds)s)
      and (%(customers)s::bigint[] is null or customer_id = any(%(customers)s::bigint[]))
),
-- A changed property is a new event in place of the old: events are never updated.
missing as (
    select customer_id, at, kind, channel, app, object_id, properties, value from wanted
    except all
    select customer_id, at, kind, channel, app, object_id, properties, value from present
),
-- Of equal rows the surplus goes, counted by an ordinal.
kept as (
    select customer_id, at, kind, channel, object_id, properties, value, count(*) as rows
    from wanted group by customer_id, at, kind, channel, object_id, properties, value
),
counted as (
    select *, row_number() over (
        partition by customer_id, at, kind, channel, object_id, properties, value order by id
    ) as nth
    from present
),
surplus as (
    select c.customer_id, c.at, c.id
    from counted c
    left join kept k on k.customer_id = c.customer_id and k.at = c.at and k.kind = c.kind and k.channel = c.channel
        and k.object_id = c.object_id and k.properties = c.properties and k.value is not distinct from c.value
    where c.nth > coalesce(k.rows, 0)
),
removed as (
    delete from crm_event e using surplus s
    where e.customer_id = s.customer_id and e.at = s.at and e.id = s.id
    returning e.customer_id
),
added as (
    insert into crm_event (customer_id, at, kind, channel, app, object_id, properties, value)
    select customer_id, at, kind, channel, app, object_id, properties, value from missing
    returning customer_id
),
due as (
    insert into crm_due (customer_id) select customer_id from added union select customer_id from removed
)
select (select count(*) from added), (select count(*) from removed)
