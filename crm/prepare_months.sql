-- prepare_months.sql: a partition for each month in which source rows lie; the default partition stays empty.
select crm_event_partition(month) from (
    select distinct date_trunc('month', at at time zone 'UTC')::date as month from {view}
    where %(customers)s::bigint[] is null or customer_id = any(%(customers)s::bigint[])
) months order by month
