-- cancellations.sql: an order whose state is cancelled is worth nothing: what is left of each line is taken back, at its order's time where
-- it came in cancelled, else now. One that is no longer cancelled has its lines back.
delete from orders_orderline l using import_order i
where l.order_id = i.id and l.kind = 'cancel' and i.old_state = 'cancelled' and i.state <> 'cancelled';

with lines as (
    select l.id, l.order_id, l.customer_id, l.product_id, l.unit_price, case when i.is_new then i.placed_at else now() end as at,
        l.quantity + coalesce(b.quantity, 0) as quantity, l.value + coalesce(b.value, 0) as value,
        (select sum(value) from orders_orderline where order_id = l.order_id) as worth
    from import_order i
    join orders_order o on o.id = i.id and o.state = 'cancelled'
    join orders_orderline l on l.order_id = i.id and l.kind = 'sale'
    left join lateral (
        select sum(quantity) as quantity, sum(value) as value from orders_orderline where takes_back_id = l.id
    ) b on true
),
-- A refund without an item has taken its part already: together the lines take back no more than the order is worth.
capped as (
    select *, worth - sum(value) over (partition by order_id order by id) + value as still from lines
)
insert into orders_orderline (order_id, customer_id, kind, at, product_id, quantity, unit_price, value, takes_back_id)
select order_id, customer_id, 'cancel', at, product_id, -quantity, unit_price, -least(value, greatest(still, 0)), id
from capped where quantity > 0
order by id;
