-- add_events.sql: the derived events of new source rows, which can have none yet.
with added as (
    insert into crm_event (customer_id, at, kind, channel, app, object_id, properties, value)
    select customer_id, at, kind, channel, app, object_id, properties, value
    from {view} where kind = %(kind)s and object_id = any(%(objects)s::bigint[])
    returning customer_id
)
insert into crm_due (customer_id) select distinct customer_id from added
