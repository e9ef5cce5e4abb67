-- products.sql: products not yet known, in the order of their codes. The last row that sold one for money names and prices it:
-- rows without money are often stock notes ("damaged", "found").
create temp table import_product on commit drop as
with seen as (
    select sku,
        coalesce(max(line) filter (where kind = 'sale' and value > 0 and product is not null), max(line) filter (where product is not null)) as named,
        coalesce(max(line) filter (where kind = 'sale' and value > 0), max(line)) as priced,
        max(line) filter (where category is not null) as grouped
    from import_line where sku is not null group by sku
)
select s.sku, p.id, p.id is null as is_new, coalesce(n.product, '') as name, r.unit_price as price, c.category
from seen s
left join orders_product p on p.sku = s.sku
left join import_line n on n.line = s.named
left join import_line r on r.line = s.priced
left join import_line c on c.line = s.grouped;

insert into orders_category (name)
select distinct category from import_product i
where category is not null and not exists (select from orders_category c where c.name = i.category) order by 1;

insert into orders_product (sku, name, price, category_id)
select i.sku, i.name, i.price, c.id from import_product i left join orders_category c on c.name = i.category
where i.is_new order by i.sku;

-- Known products keep what they have; what is empty is filled.
update orders_product p set name = coalesce(nullif(p.name, ''), i.name), category_id = coalesce(p.category_id, c.id)
from import_product i left join orders_category c on c.name = i.category
where not i.is_new and p.id = i.id
  and ((p.name = '' and i.name <> '') or (p.category_id is null and c.id is not null));

update import_product i set id = p.id from orders_product p where i.is_new and p.sku = i.sku;
analyze import_product;
