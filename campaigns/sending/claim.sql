-- claim.sql: a worker takes the next deliveries of a campaign that is being sent. Committed before the first byte goes out.
with next as materialized (
    select d.id, d.customer_id, d.address from campaigns_delivery d
    where d.campaign_id = %(campaign)s and d.state = 'queued' and (d.lease is null or d.lease <= now())
      and exists (select from campaigns_campaign c where c.id = %(campaign)s and c.state = 'sending')
      and not exists (select from crm_shop where sending_held)
    order by d.id limit %(batch)s
    -- Another worker's rows are passed over, not waited for.
    for update skip locked
),
answered as materialized (
    -- Whether one may still write to them is asked again, of every rule at once (contactability, by the ORM).
    select next.id, next.address, asked.email_key, asked.reason from next join ({asked}) asked on asked.id = next.customer_id
),
judged as materialized (
    select id, case when reason = '' and email_key <> address then 'other_address' else reason end as reason from answered
)
update campaigns_delivery d set
    state = case j.reason when '' then 'sending' else 'skipped' end,
    reason = j.reason,
    worker = %(worker)s,
    lease = case j.reason when '' then now() + %(lease)s end
from judged j where d.id = j.id
returning d.state, d.id, d.customer_id, d.address, d.attempts, d.stopped
