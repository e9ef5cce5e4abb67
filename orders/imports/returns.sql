-- returns.sql: to which sold line each cancelled line belongs (docs/domain.md 4, "what counts").
-- First what was refunded without an item: a return after it is worth what is then left. One that names no order is a credit.
insert into orders_orderline (order_id, customer_id, kind, at, quantity, unit_price, value, import_key)
select order_id, customer_id, case when order_id is null then 'credit' else 'refund' end, at, 0, 0, -value, import_key
from import_movement where is_new and kind = 'refund'
order by at, document, line;

-- Sold lines that may be meant, with the quantity that has not come back yet and what it is worth.
create temp table import_sold on commit drop as
with wanted as (
    select distinct customer_id, product_id, unit_price from import_movement
    where is_new and kind = 'return' and customer_id is not null
),
theirs as materialized (
    select l.* from (select distinct customer_id from wanted) c join orders_orderline l using (customer_id) where l.kind = 'sale'
)
select l.id, l.order_id, l.customer_id, l.product_id, l.unit_price, l.quantity, l.value, o.placed_at, o.external_id,
    l.quantity + coalesce(b.quantity, 0) as remaining, l.value + coalesce(b.value, 0) as worth
from wanted w
join theirs l on l.customer_id = w.customer_id and l.unit_price = w.unit_price
    and coalesce(l.product_id, 0) = coalesce(w.product_id, 0)
join orders_order o on o.id = l.order_id
left join lateral (
    select sum(quantity) as quantity, sum(value) as value from orders_orderline where takes_back_id = l.id
) b on true;
create index on import_sold (customer_id, unit_price, product_id);
create index on import_sold (id);
analyze import_sold;

-- What comes back is never worth more than its order is by then: a refund without an item may have taken its part.
create temp table import_worth on commit drop as
select order_id, sum(value) as worth from orders_orderline
where order_id in (select order_id from import_sold) group by order_id;
create index on import_worth (order_id);
analyze import_worth;

-- One after the other by time, number and line, because each takes from what the next one may find: to the latest order of the customer
-- placed strictly before that has one line with the whole quantity left. A return that names its order belongs to that one.
create temp table import_taken (line bigint, id bigint, order_id bigint, value numeric) on commit drop;
do $$
declare
    back record;
    sold record;
begin
    for back in
        select line, order_id, customer_id, product_id, unit_price, quantity, at from import_movement
        where is_new and kind = 'return' and customer_id is not null
        order by at, document, line
    loop
        select * into sold from import_sold s
        where s.customer_id = back.customer_id and s.unit_price = back.unit_price
          and (s.product_id = back.product_id or (s.product_id is null and back.product_id is null))
          and (s.placed_at < back.at or s.order_id = back.order_id) and s.remaining >= back.quantity
        order by s.order_id = back.order_id desc nulls last, s.placed_at desc, s.external_id desc, s.id limit 1;
        if found then
            -- The last piece is worth what is then left: thirds of a line add up to the whole of it.
            if back.quantity < sold.remaining then
                sold.worth := least(round(sold.value * back.quantity / sold.quantity, 6), sold.worth);
            end if;
            select least(sold.worth, w.worth) into sold.worth from import_worth w where w.order_id = sold.order_id;
            update import_worth w set worth = w.worth - sold.worth where w.order_id = sold.order_id;
            update import_sold s set remaining = s.remaining - back.quantity, worth = s.worth - sold.worth where s.id = sold.id;
            insert into import_taken values (back.line, sold.id, sold.order_id, sold.worth);
        end if;
    end loop;
end $$;

-- What belongs to no order is a credit of its customer, or of nobody.
insert into orders_orderline (order_id, customer_id, kind, at, product_id, quantity, unit_price, discount, value, takes_back_id, import_key)
select t.order_id, m.customer_id, case when t.id is null then 'credit' else 'return' end, m.at, m.product_id, -m.quantity, m.unit_price, 0,
    -coalesce(t.value, m.value), t.id, m.import_key
from import_movement m left join import_taken t using (line)
where m.is_new and m.kind = 'return'
order by m.at, m.document, m.line;
