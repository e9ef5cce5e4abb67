-- check.sql: every row as the file means it, in `import_line`; `problem` is the first reason why it cannot be taken.
create temp table import_line on commit drop as
with cells as (
    select r.line, r.ragged,
        -- Some shops write ' before an id to keep spreadsheets from reading it as a number.
        nullif(ltrim(btrim(r.id), ''''), '') as document,
        nullif(ltrim(btrim(r.customer), ''''), '') as customer,
        nullif(btrim(r.email), '') as email, nullif(btrim(r.phone), '') as phone, nullif(btrim(r.name), '') as name,
        countries.word as country,
        nullif(btrim(r.date), '') as date, dates.at, dates.plain as plain_at,
        nullif(btrim(r.quantity), '') as quantity_cell, quantities.number as quantity_number, quantities.plain as plain_quantity,
        nullif(btrim(r.price), '') as price_cell, prices.number as price, prices.plain as plain_price,
        nullif(btrim(r.amount), '') as amount_cell, amounts.number as amount, amounts.plain as plain_amount,
        nullif(btrim(r.discount), '') as discount_cell, discounts.number as discount_number, discounts.plain as plain_discount,
        coalesce(nullif(upper(btrim(r.currency)), ''), %(currency)s) as currency,
        nullif(btrim(r.sku), '') as sku, nullif(btrim(r.product), '') as product, nullif(btrim(r.category), '') as category,
        nullif(btrim(r.channel), '') as sales_channel, channels.word as channel,
        nullif(btrim(r.location), '') as location,
        nullif(btrim(r.state), '') as state_cell, states.word as state,
        nullif(btrim(r.kind), '') as kind_cell, kinds.word as kind_word
    from import_row r
    left join import_value dates on dates.field = 'date' and dates.cell = r.date
    left join import_value quantities on quantities.field = 'quantity' and quantities.cell = r.quantity
    left join import_value prices on prices.field = 'price' and prices.cell = r.price
    left join import_value amounts on amounts.field = 'amount' and amounts.cell = r.amount
    left join import_value discounts on discounts.field = 'discount' and discounts.cell = r.discount
    left join import_value countries on countries.field = 'country' and countries.cell = r.country
    left join import_value channels on channels.field = 'channel' and channels.cell = r.channel
    left join import_value states on states.field = 'state' and states.cell = r.state
    left join import_value kinds on kinds.field = 'kind' and kinds.cell = r.kind
    offset 0  -- each cell is trimmed once, not wherever it is named below; likewise below
),
-- An amount without a price is the whole row's; a price is a piece's. What comes back is counted as pieces and money without sign.
meant as (
    select c.*, rates.code is not null as currency_known, rates.worth as rate,
        case
            when kind_word is not null then kind_word
            when %(prefix)s <> '' and starts_with(document, %(prefix)s) then 'return'
            else 'sale'
        end as kind,
        coalesce(quantity_number, 1) as quantity,
        coalesce(discount_number, 0) as discount
    from cells c
    left join unnest(%(currencies)s::text[], %(rates)s::numeric[]) rates(code, worth) on rates.code = c.currency
    offset 0
),
priced as (
    select m.*,
        case when price_cell is not null then abs(quantity) * price - discount else abs(amount) end as total
    from meant m
    offset 0
),
checked as (
    select p.*,
        case
            when ragged is not null then 'ragged'
            when document is null then 'no_id'
            when length(document) > 120 then 'long_id'
            when length(customer) > 120 then 'long_customer'
            when date is null then 'no_date'
            when at is null then 'bad_date'
            when kind_cell is not null and kind_word is null then 'unknown_kind'
            when state_cell is not null and state is null then 'unknown_state'
            when price_cell is null and amount_cell is null then case when %(has_price)s then 'no_price' else 'no_amount' end
            when price_cell is not null and price is null then 'bad_price'
            when price < 0 then 'negative_price'
            when price_cell is null and amount is null then 'bad_amount'
            when price_cell is null and amount < 0 and kind = 'sale' then 'negative_amount'
            when quantity_cell is not null and quantity_number is null then 'bad_quantity'
            when quantity_cell is null and price_cell is not null and %(has_quantity)s then 'no_quantity'
            when quantity = 0 then 'zero_quantity'
            when quantity < 0 and kind = 'sale' then 'stock_adjustment'
            when quantity > 0 and kind = 'return' and kind_word is null then 'positive_cancellation'
            when quantity <> round(quantity, 3) or abs(quantity) >= 1e11 then 'odd_quantity'
            when discount_cell is not null and discount_number is null then 'bad_discount'
            when discount < 0 or total < 0 then 'odd_discount'
            when length(sku) > 80 then 'long_sku'
            when not currency_known then 'unknown_currency'
            when rate is null then 'no_rate'
            when total * rate >= 1e14 or price * rate >= 1e14 then 'too_large'
        end as problem
    from priced p
    offset 0
)
-- `content` is what makes a line the same line in another file: not the name of its product, not the customer.
select line, problem, document, customer,
    coalesce(customer, ' e:' || lower(email), ' p:' || phone) as customer_key,
    email, phone, name, country, at, kind, abs(quantity) as quantity,
    case when problem is null then round(coalesce(price, abs(amount) / abs(quantity)) * rate, 6) end as unit_price,
    case when problem is null then round(discount * rate, 6) end as discount,
    case when problem is null then round(total * rate, 6) end as value,
    currency, rate,
    coalesce(sku, left(product, 80)) as sku, left(product, 255) as product, left(category, 120) as category,
    left(sales_channel, 80) as sales_channel, coalesce(channel, '') as channel, left(location, 80) as location, state,
    md5(row(%(source)s::text, document, kind, coalesce(sku, product), plain_at, plain_quantity, plain_price, plain_amount, plain_discount,
        currency)::text)::uuid as content
from checked
