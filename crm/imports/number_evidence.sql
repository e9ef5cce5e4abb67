-- number_evidence.sql: which decimal sign the cells of each column prove: "1,250.5" and "2.55" a point, "1.250,5" and "2,55" a comma.
-- "1.250" alone proves nothing: it may be a thousand and a quarter of one, or one and a quarter.
with shapes as (
    select field, cell, regexp_replace(cell, '[\s\u00a0\u202f]|[£$€¥₫đ]', '', 'g') as bare from import_cell
    where field = any(%(fields)s)
),
proofs as (
    select field, cell,
        bare ~ '^[+-]?(\d{1,3}(,\d{3})+\.\d+|\d*\.(\d{1,2}|\d{4,})|(\d{4,}|0\d*)\.\d+|\d{1,3}(,\d{3}){2,})$' as point,
        bare ~ '^[+-]?(\d{1,3}(\.\d{3})+,\d+|\d*,(\d{1,2}|\d{4,})|(\d{4,}|0\d*),\d+|\d{1,3}(\.\d{3}){2,})$' as comma,
        bare ~ '^[+-]?[1-9]\d{0,2}\.\d{3}$' as open_point,
        bare ~ '^[+-]?[1-9]\d{0,2},\d{3}$' as open_comma
    from shapes
)
select field, min(cell) filter (where point), min(cell) filter (where comma),
    min(cell) filter (where open_point), min(cell) filter (where open_comma)
from proofs group by field
