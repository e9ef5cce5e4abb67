-- customers_referenced.sql: customers of an earlier file of this kind, known by their id there.
update import_customer c set id = r.customer_id
from crm_customerreference r where r.source = %(source)s and r.external_id = c.external_id
