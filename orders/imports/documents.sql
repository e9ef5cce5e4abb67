-- documents.sql: each order or cancellation of the file once, in `import_order`, with the order that is here already under its number.
create temp table import_order on commit drop as
with documents as (
    select document, min(at) filter (where kind = 'sale') as placed_at, bool_or(kind = 'sale') as is_order,
        min(line) filter (where kind = 'sale') as first, min(line) filter (where customer_key is not null) as owned,
        max(line) filter (where state is not null) as stated
    from import_line group by document
)
select d.document, d.is_order, d.placed_at, o.id, o.id is null as is_new, false as is_changed,
    -- Who bought is said once an order; an order that is here keeps its customer.
    coalesce(o.customer_id, c.id) as customer_id,
    f.currency, f.rate, f.channel, f.sales_channel, f.location, o.state as old_state,
    -- What staff did with the order by hand stands, whatever a file says of its state.
    case when not exists (select from orders_orderchange h where h.order_id = o.id and h.by_id is not null) then s.state end as state
from documents d
left join orders_order o on o.source = %(source)s and o.external_id = d.document
left join import_line f on f.line = d.first
left join import_line w on w.line = d.owned
left join import_customer c on c.key = w.customer_key
left join import_line s on s.line = d.stated
