-- sales.sql: the sold lines from one line of the file to another; in parts, so that the page can show how far it is and a stop is heard.
insert into orders_orderline (order_id, customer_id, kind, at, product_id, quantity, unit_price, discount, value, import_key)
select order_id, customer_id, 'sale', at, product_id, quantity, unit_price, discount, value, import_key
from import_movement where kind = 'sale' and is_new and line > %(after)s and line <= %(until)s
order by line
