-- events.sql: hits on a campaign's addresses become events, each judged human, machine or unknown (docs/domain.md 3).
with answer as (
    select h.id, h.at, d.customer_id, d.id as delivery_id, c.name as campaign, l.url, l.position,
        case h.door when 'o' then 'mail_opened' when 'c' then 'mail_clicked' else 'mail_scanned' end as kind,
        case
            when h.door = 'h' or h.agent in ('apple', 'scanner') then 'machine'
            when h.agent = 'person' then 'human'
            when h.agent = 'proxy' and h.door = 'c' then 'machine'
            -- A picture fetched at the moment of delivery is the mail service's doing; later somebody has opened the mail.
            when h.agent = 'proxy' and (d.sent_at is null or h.at < d.sent_at + interval '10 seconds') then 'machine'
            when h.agent = 'proxy' then 'human'
            else 'unknown'
        end as agent
    from hit h
    -- Who was erased since has no delivery any more, and nothing is kept of them.
    join campaigns_delivery d on d.id = h.number
    join campaigns_campaign c on c.id = d.campaign_id
    left join campaigns_link l on l.id = h.part and l.campaign_id = d.campaign_id
    where h.door in ('o', 'c', 'h')
),
added as (
    insert into crm_event (customer_id, at, id, kind, channel, app, object_id, properties)
    select customer_id, at, id, kind, 'email', 'campaigns', delivery_id,
        jsonb_strip_nulls(jsonb_build_object('agent', agent, 'campaign', campaign, 'url', url, 'link', position))
    from answer
    -- A batch that comes again, since the collector was killed before it could take it off the stream, is there already.
    on conflict do nothing
    returning customer_id
)
insert into crm_due (customer_id) select distinct customer_id from added
