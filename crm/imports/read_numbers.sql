-- read_numbers.sql: the number that each cell of a column stands for, with its decimal sign now known; none for a text.
-- `plain` is its one form: 2.5 for “2,50”.
with bare as (
    select cell, regexp_replace(cell, '[\s\u00a0\u202f]|[£$€¥₫đ]', '', 'g') as text from import_cell where field = %(field)s
),
pointed as (
    select cell, case when %(comma)s then translate(text, '.,', ',.') else text end as text from bare
)
insert into import_value (field, cell, number, plain)
select %(field)s, cell, number, trim_scale(number)::text
from (
    select cell, replace(text, ',', '')::numeric as number from pointed
    where text ~ '^[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?$' and text ~ '\d' and length(text) <= 40
) read
