-- customers_seen.sql: each customer of the file once, in `import_customer`. Where rows differ, the last one that says something counts.
-- A customer is known by the id in the file, else by e-mail address, else by phone; `key` is whichever it is.
create temp table import_customer on commit drop as
with seen as (
    select customer_key as key, min(customer) as external_id, min(at) as first_at,
        max(line) filter (where name is not null) as name_line,
        max(line) filter (where email is not null) as email_line,
        max(line) filter (where phone is not null) as phone_line,
        max(line) filter (where country is not null) as country_line
    from import_line where customer_key is not null group by customer_key
)
select s.key, s.external_id, s.first_at, null::text as known_by, null::bigint as id, false as is_new, false as is_changed,
    left(coalesce(n.name, ''), 200) as name,
    case when e.email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' and length(e.email) <= 254 then e.email else '' end as email,
    coalesce(p.phone, '') as phone,
    coalesce(c.country, '') as country
from seen s
left join import_line n on n.line = s.name_line
left join import_line e on e.line = s.email_line
left join import_line p on p.line = s.phone_line
left join import_line c on c.line = s.country_line
