-- aside.sql: facts and scores of this transaction alone. Temporary tables come first in the search path, so that the same
-- statements that score the shop now write here (docs/decisions/0003-scores-are-computed-aside.md).
create temporary table crm_facts (like public.crm_facts including defaults) on commit drop;
create temporary table crm_score (like public.crm_score including defaults) on commit drop;
alter table pg_temp.crm_facts add primary key (customer_id);
alter table pg_temp.crm_score add primary key (customer_id, model_id);
