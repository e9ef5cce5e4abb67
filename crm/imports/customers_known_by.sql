-- customers_known_by.sql: by what each customer can be found. Who has neither id nor a readable address is nobody: an anonymous row.
delete from import_customer where external_id is null and email = '' and phone = '';
update import_customer set known_by = case when external_id is not null then 'id' when email <> '' then 'email' else 'phone' end;
analyze import_customer;
