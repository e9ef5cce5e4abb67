-- customers_updated.sql: customers who are here already take what the file says, but for empty cells; they are registered since the earliest line.
-- Several rows of the file may be one customer here: an id, and an e-mail address without one.
with told as (
    select id, bool_or(is_new) as is_new, min(first_at) as first_at, max(name) as name, max(email) as email,
        max(phone) as phone, max(country) as country
    from import_customer group by id
),
wanted as (
    select k.id, t.is_new, coalesce(nullif(t.name, ''), k.name) as name, coalesce(nullif(t.email, ''), k.email) as email,
        coalesce(nullif(t.phone, ''), k.phone) as phone, coalesce(nullif(t.country, ''), k.country) as country,
        least(k.registered_at, t.first_at) as registered_at
    from told t join crm_customer k on k.id = t.id
),
changed as (
    update crm_customer k
    set name = w.name, email = w.email, phone = w.phone, country = w.country, registered_at = w.registered_at
    from wanted w
    where w.id = k.id
      and (k.name, k.email, k.phone, k.country, k.registered_at)
          is distinct from (w.name, w.email, w.phone, w.country, w.registered_at)
    returning k.id, w.is_new
)
update import_customer c set is_changed = true from changed where changed.id = c.id and not changed.is_new
