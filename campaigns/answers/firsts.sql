-- firsts.sql: the first open and click of each sort, told again from the events: a click may have turned out a machine's.
with touched as (
    select distinct d.id, d.customer_id, c.launched_at
    from hit h join campaigns_delivery d on d.id = h.number join campaigns_campaign c on c.id = d.campaign_id
    where h.door in ('o', 'c', 'h')
),
firsts as (
    select t.id,
        min(e.at) filter (where e.kind = 'mail_opened' and e.properties ->> 'agent' = 'human') as opened_at,
        min(e.at) filter (where e.kind = 'mail_clicked' and e.properties ->> 'agent' = 'human') as clicked_at,
        min(e.at) filter (where e.kind = 'mail_opened' and e.properties ->> 'agent' = 'machine') as machine_opened_at,
        min(e.at) filter (where e.kind in ('mail_clicked', 'mail_scanned') and e.properties ->> 'agent' = 'machine') as machine_clicked_at
    from touched t join crm_event e
      on e.customer_id = t.customer_id and e.at >= t.launched_at and e.object_id = t.id
     and e.kind in ('mail_opened', 'mail_clicked', 'mail_scanned')
    group by t.id
)
update campaigns_delivery d
set opened_at = f.opened_at, clicked_at = f.clicked_at,
    machine_opened_at = f.machine_opened_at, machine_clicked_at = f.machine_clicked_at
from firsts f
where d.id = f.id
  and (d.opened_at, d.clicked_at, d.machine_opened_at, d.machine_clicked_at)
      is distinct from (f.opened_at, f.clicked_at, f.machine_opened_at, f.machine_clicked_at)
