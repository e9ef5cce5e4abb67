-- keep_rejections.sql: the rows that were left out, to be shown, downloaded, corrected and imported again. The currency may be the file's.
insert into crm_rejection (of_id, line, value, problem, row)
select %(work)s, r.line, coalesce(to_jsonb(r) ->> p.field, case p.field when 'currency' then x.meant_currency end, ''), x.problem, {cells}
from import_rejected x
join import_row r using (line)
join unnest(%(problems)s::text[], %(fields)s::text[]) p(problem, field) on p.problem = x.problem
order by r.line
