-- date_evidence.sql: whether days or months stand first in dates like 03/04/2026: a number above 12 proves it, unless the
-- date exists in neither order (45/13/2026): its row is left out, and it says nothing about the others.
with parts as (
    select cell, regexp_match(cell, '^\s*(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}(?!\d)') as part from import_cell where field = any(%(fields)s)
)
select min(cell) filter (where part[1]::int > 12), min(cell) filter (where part[2]::int > 12),
    min(cell) filter (where part[1]::int <= 12 and part[2]::int <= 12 and part[1]::int <> part[2]::int)
from parts where least(part[1]::int, part[2]::int) between 1 and 12 and greatest(part[1]::int, part[2]::int) <= 31
