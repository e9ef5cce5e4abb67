-- movements.sql: the lines of the file with the ids of what they belong to, and with their key: content and ordinal among equal lines.
create temp table import_movement on commit drop as
with repeated as (
    select content from import_line group by content having count(*) > 1
),
again as (
    select line, row_number() over (partition by content order by line) as nth
    from import_line where content in (select content from repeated)
),
keyed as (
    select l.*, case when a.nth > 1 then md5(l.content || ' ' || a.nth)::uuid else l.content end as import_key
    from import_line l left join again a using (line)
)
select k.line, k.document, k.kind, k.at, k.quantity, k.unit_price, k.discount, k.value, k.import_key,
    o.id as order_id, o.customer_id, p.id as product_id, here.id is null as is_new
from keyed k
join import_order o using (document)
left join import_product p using (sku)
left join orders_orderline here on here.import_key = k.import_key;

create index on import_movement (line);
analyze import_movement;
