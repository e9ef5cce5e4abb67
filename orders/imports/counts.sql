-- counts.sql: what the file holds, and what was made or changed of it.
with documents as (
    select i.document, i.is_order, i.customer_id,
        bool_or(l.kind in ('return', 'refund')) as has_return, bool_or(l.kind = 'credit') as has_credit
    from import_order i
    join import_movement m using (document)
    left join orders_orderline l on m.kind <> 'sale' and l.import_key = m.import_key
    group by i.document, i.is_order, i.customer_id
),
-- A line that came back may have changed an order of another file.
grown as (
    select order_id from import_movement where is_new and order_id is not null
    union select order_id from import_taken
    union select id from import_order where is_changed
)
select
    (select count(*) from documents where is_order) as orders,
    (select count(*) from documents where is_order and customer_id is null) as anonymous_orders,
    (select count(*) from documents where has_return) as returns,
    (select count(*) from documents where has_credit) as credits,
    (select count(*) from import_product) as products,
    (select count(*) from import_order where is_order and is_new) as orders_created,
    (select count(*) from import_product where is_new) as products_created,
    (select count(*) from grown g where not exists (select from import_order i where i.id = g.order_id and i.is_new)) as orders_changed
