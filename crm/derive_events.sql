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
surplus as (
    select customer_id, at, id from (
        select p.*, row_number() over same as n,
            (select count(*) from wanted w where w.customer_id = p.customer_id and w.at = p.at and w.kind = p.kind
               and w.object_id = p.object_id and w.channel = p.channel and w.properties = p.properties
               and w.value is not distinct from p.value) as kept
        from present p
        window same as (partition by customer_id, at, kind, object_id, channel, properties, value order by id)
    ) counted
    where n > kept
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
