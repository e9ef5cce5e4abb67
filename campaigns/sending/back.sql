-- back.sql: deliveries that are known unsent go into the queue again, or are cancelled with their campaign.
update campaigns_delivery d
set state = case c.state when 'cancelled' then 'cancelled' else 'queued' end, lease = %(again)s, worker = ''
from campaigns_campaign c
where d.id = any(%(ids)s) and d.worker = %(worker)s and c.id = d.campaign_id
