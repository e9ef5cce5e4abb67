-- read_numbers.sql: the number that each cell of a column stands for, with its decimal sign now known; none for a text.
-- `plain` is its one form: 2.5 for “2,50”.
with bare as (
    select cell, regexp_replace(cell, '[\s\u00a0\u202f]|[£$€¥₫đ]', '', 'g') as text from import_value where field = %(field)s
),
pointed as (
    select cell, case when %(comma)s then translate(text, '.,', ',.') else text end as text from bare
)
update import_value v set number = replace(p.text, ',', '')::numeric, plain = trim_scale(replace(p.text, ',', '')::numeric)::text
from pointed p
where v.field = %(field)s and v.cell = p.cell
  and p.text ~ '^[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?$' and p.text ~ '\d' and length(p.text) <= 40
