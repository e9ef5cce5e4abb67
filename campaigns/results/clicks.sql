-- clicks.sql: by link (its position), how many customers of a campaign clicked it, and how many only machines clicked for.
-- Clicks are events of a delivery; those of the campaign's customers since its launch are read along the time line's key.
with clicked as (
    select (e.properties ->> 'link')::int as link, e.customer_id, bool_or(e.properties ->> 'agent' = 'human') as human
    from campaigns_delivery d
    join crm_event e on e.customer_id = d.customer_id and e.at >= %(launched_at)s
        and e.kind = 'mail_clicked' and e.object_id = d.id
    where d.campaign_id = %(campaign)s and (d.clicked_at is not null or d.machine_clicked_at is not null)
    group by 1, 2
)
select link, count(*) filter (where human), count(*) filter (where not human)
from clicked where link is not null group by link
