-- counts.sql: what the file holds, and what was made or changed of it.
with backs as (
    select m.document, bool_or(l.kind in ('return', 'refund')) as has_return, bool_or(l.kind = 'credit') as has_credit
    from import_movement m join orders_orderline l using (import_key)
    where m.kind <> 'sale' group by m.document
),
-- Orders that were here: with new lines, with lines that came back, or with something else that changed.
grown as (
    select o.id from import_order o join import_movement m on m.order_id = o.id where m.is_new and not o.is_new
    union select id from import_order where is_changed
    union select t.order_id from import_taken t
    where not exists (select from import_order o where o.id = t.order_id and o.is_new)
)
select
    (select count(*) from import_order where is_order) as orders,
    (select count(*) from import_order where is_order and customer_id is null) as anonymous_orders,
    (select count(*) from backs where has_return) as returns,
    (select count(*) from backs where has_credit) as credits,
    (select count(*) from import_product) as products,
    (select count(*) from import_order where is_order and is_new) as orders_created,
    (select count(*) from import_product where is_new) as products_created,
    (select count(*) from grown) as orders_changed
