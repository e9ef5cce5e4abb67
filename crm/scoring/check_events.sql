-- check_events.sql: how many derived events of an app are missing or too many against its source rows.
with wanted as materialized (
    select customer_id, at, kind, channel, object_id, properties, value from {view}
),
present as materialized (
    select customer_id, at, kind, channel, object_id, properties, value from crm_event where app = %(app)s and kind = any(%(kinds)s)
)
select (select count(*) from (select * from wanted except all select * from present) as missing)
    + (select count(*) from (select * from present except all select * from wanted) as surplus)
