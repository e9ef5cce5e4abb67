-- read_dates.sql: the moment that each date cell stands for; none where it is no date from 1970 to 2100.
-- A time without zone is in the file's zone. `plain` is its one form.
with cells as materialized (
    -- The usual form needs no taking apart, and a large file has many.
    select cell, length(cell) in (10, 16, 19) and substr(cell, 5, 1) = '-' and substr(cell, 8, 1) = '-'
        and pg_input_is_valid(cell, 'timestamp') as is_plain
    from import_cell where field = %(field)s
),
parts as (
    select cell, regexp_match(
        cell,
        '^\s*(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T,\s]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*([AaPp][Mm]|SA|CH)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?\s*$'
    ) as part
    from cells where not is_plain
),
ordered as (
    select cell,
        case
            when length(part[1]) = 4 and length(part[3]) <= 2 then part[1] || '-' || part[2] || '-' || part[3]
            when length(part[3]) = 4 and length(part[1]) <= 2 and %(month_first)s then part[3] || '-' || part[1] || '-' || part[2]
            when length(part[3]) = 4 and length(part[1]) <= 2 then part[3] || '-' || part[2] || '-' || part[1]
        end as day,
        coalesce(' ' || part[4], '') || case upper(part[5]) when 'SA' then ' AM' when 'CH' then ' PM' else coalesce(' ' || part[5], '') end as time,
        part[6] as zone
    from parts
),
moments as (
    select cell, cell::timestamp at time zone %(timezone)s as at from cells where is_plain
    union all
    select cell, case
        when day is null or not pg_input_is_valid(day || time, 'timestamp') then null
        when zone is null then (day || time)::timestamp at time zone %(timezone)s
        when pg_input_is_valid(day || time || zone, 'timestamptz') then (day || time || zone)::timestamptz
    end
    from ordered
)
insert into import_value (field, cell, at, plain)
select %(field)s, cell, at, (at at time zone 'UTC')::text from moments
where at >= '1970-01-01' and at < '2101-01-01'
