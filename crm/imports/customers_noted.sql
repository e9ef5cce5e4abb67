-- customers_noted.sql: remember the id that each customer has in this kind of file.
insert into crm_customerreference (customer_id, source, external_id)
select c.id, %(source)s, c.external_id from import_customer c
where c.external_id is not null
  and not exists (select from crm_customerreference r where r.source = %(source)s and r.external_id = c.external_id)
order by c.id
