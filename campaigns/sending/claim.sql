-- claim.sql: a worker takes the next deliveries of a campaign that is being sent. Committed before the first byte goes out.
with next as materialized (
    select d.id from campaigns_delivery d
    where d.campaign_id = %(campaign)s and d.state = 'queued' and (d.lease is null or d.lease <= now())
      and exists (select from campaigns_campaign c where c.id = %(campaign)s and c.state = 'sending')
      and not exists (select from crm_shop where sending_held)
    order by d.id limit %(batch)s
    -- Another worker's rows are passed over, not waited for.
    for update skip locked
)
update campaigns_delivery d set state = 'sending', worker = %(worker)s, lease = now() + %(lease)s
from next where d.id = next.id
returning d.id, d.customer_id, d.address, d.attempts
