-- orders.sql: orders not yet known, in the order of their time and number, so that ids follow; and what a newer file says about the others.
insert into orders_saleschannel (name, channel)
select sales_channel, max(channel) from import_order i
where is_order and sales_channel is not null and not exists (select from orders_saleschannel s where s.name = i.sales_channel)
group by sales_channel order by 1;

insert into orders_location (name)
select distinct location from import_order i
where is_order and location is not null and not exists (select from orders_location l where l.name = i.location) order by 1;

with numbered as (
    select document, nextval(pg_get_serial_sequence('orders_order', 'id')) as id
    from (select document from import_order where is_order and is_new order by placed_at, document) missing
)
update import_order i set id = n.id from numbered n where n.document = i.document;
analyze import_order;

insert into orders_order (id, source, external_id, customer_id, placed_at, state, channel, sales_channel_id, location_id, currency, rate)
select i.id, %(source)s, i.document, i.customer_id, i.placed_at, coalesce(i.state, 'placed'), i.channel, s.id, l.id, i.currency, i.rate
from import_order i
left join orders_saleschannel s on s.name = i.sales_channel
left join orders_location l on l.name = i.location
where i.is_order and i.is_new
order by i.id;

with changed as (
    update orders_order o
    set placed_at = least(o.placed_at, i.placed_at), customer_id = i.customer_id, state = coalesce(i.state, o.state)
    from import_order i
    where i.id = o.id and not i.is_new
      and (o.placed_at > i.placed_at or o.customer_id is distinct from i.customer_id or o.state <> i.state)
    returning o.id
)
update import_order i set is_changed = true from changed where changed.id = i.id;

-- A state is a step of the order's way. The file does not say when: at the order's time for a new one, else now.
insert into orders_orderchange (order_id, state, at, reason)
select id, state, case when is_new then placed_at else now() end, '' from import_order
where id is not null and state is not null and state <> coalesce(old_state, 'placed')
order by id;

-- Lines repeat their order's customer: an anonymous order may have found its own.
update orders_orderline l set customer_id = i.customer_id
from import_order i where i.is_changed and l.order_id = i.id and l.customer_id is distinct from i.customer_id;
