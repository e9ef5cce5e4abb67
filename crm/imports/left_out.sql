-- left_out.sql: rows that cannot be taken leave `import_line` for `import_rejected`.
create temp table import_rejected on commit drop as
select line, problem, currency as meant_currency from import_line where problem is not null;
delete from import_line where problem is not null;
create index on import_line (line);
analyze import_line;
