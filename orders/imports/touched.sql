-- touched.sql: customers whose orders are new or changed.
select customer_id from import_movement where is_new and customer_id is not null
union
select customer_id from import_order where is_changed and customer_id is not null
