-- cancellations.sql: an order whose state is cancelled is worth nothing: what is left of each line is taken back, at its order's time where
-- it came in cancelled, else now. One that is no longer cancelled has its lines back.
delete from orders_orderline l using import_order i
where l.order_id = i.id and l.kind = 'cancel' and i.old_state = 'cancelled' and i.state <> 'cancelled';

insert into orders_orderline (order_id, customer_id, kind, at, product_id, quantity, unit_price, value, takes_back_id)
select l.order_id, l.customer_id, 'cancel', case when i.is_new then i.placed_at else now() end, l.product_id,
    -(l.quantity + coalesce(b.quantity, 0)), l.unit_price, -(l.value + coalesce(b.value, 0)), l.id
from import_order i
join orders_order o on o.id = i.id and o.state = 'cancelled'
join orders_orderline l on l.order_id = i.id and l.kind = 'sale'
left join lateral (
    select sum(quantity) as quantity, sum(value) as value from orders_orderline where takes_back_id = l.id
) b on true
where l.quantity + coalesce(b.quantity, 0) > 0
order by l.id;
