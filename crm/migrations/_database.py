"""What the first migration makes that models cannot say: search folding, the partitioned events, views, first rows."""

FOLD = """
create extension if not exists unaccent with schema public;
create extension if not exists pg_trgm with schema public;
-- Text as people search it: composed (NFC), without marks, in lower case. Immutable, so that indexes and generated columns may use it.
create function crm_fold(text) returns text language sql immutable parallel safe strict
    as $$ select lower(public.unaccent('public.unaccent'::regdictionary, normalize($1, NFC))) $$;
"""
FOLD_DOWN = "drop function crm_fold(text);"

EVENT = """
create sequence crm_event_id_seq;
create table crm_event (
    customer_id bigint not null references crm_customer (id) deferrable initially deferred,
    at timestamptz not null default statement_timestamp(),
    id bigint not null default nextval('crm_event_id_seq'),
    kind varchar(40) not null,
    channel varchar(12) not null default '',
    app varchar(20) not null default 'crm',
    object_id bigint not null default 0,
    properties jsonb not null default '{}',
    value numeric(20, 6),
    primary key (customer_id, at, id)
) partition by range (at);
create table crm_event_default partition of crm_event default;

-- Makes the partition of a month, and moves there what waited in the default partition. Returns its name, null where it was there.
create function crm_event_partition(day date) returns text language plpgsql as $$
declare
    first date := date_trunc('month', day)::date;
    next date := (first + interval '1 month')::date;
    name text := 'crm_event_' || to_char(first, 'YYYYMM');
begin
    if to_regclass(name) is not null then return null; end if;
    perform pg_advisory_xact_lock(hashtext('crm_event_partition'));
    -- to_regclass would remember here that there was none before the lock.
    if exists (select from pg_class where relname = name and relnamespace = current_schema()::regnamespace) then return null; end if;
    execute format('create table %I (like crm_event including defaults including constraints)', name);
    execute format(
        'with moved as (delete from crm_event_default where at >= %L::timestamptz and at < %L::timestamptz returning *) '
        'insert into %I select * from moved', first || ' 00:00+00', next || ' 00:00+00', name);
    execute format(
        'alter table crm_event attach partition %I for values from (%L) to (%L)', name, first || ' 00:00+00', next || ' 00:00+00');
    return name;
end $$;
"""
EVENT_DOWN = "drop table crm_event; drop sequence crm_event_id_seq; drop function crm_event_partition(date);"

# Derived facts are written often: room on each page lets updates stay on it.
STORAGE = """
alter table crm_facts set (fillfactor = 70);
alter table crm_score set (fillfactor = 70);
"""

FIRST_ROWS = """
insert into crm_shop (id, name, country, currency, timezone, language, sender_name, sender_email, postal_address, advertising_rules,
    inactive_after_days, response_window_days, result_window_days, holdout_share, sending_held)
values (1, 'Regulars', 'VN', 'VND', 'Asia/Ho_Chi_Minh', 'vi', '', 'shop@example.com', '', 'vietnam', 365, 90, 7, 0.1, false);
-- Threshold bounds: Table 6.4 in thousands of VND (docs/domain.md 4).
insert into crm_scoringmodel (slug, name, method, monetary_bounds) values
    ('statistical', 'Statistical RFM', 'statistical', null),
    ('threshold', 'Threshold RFM', 'threshold', '{250000,750000,1250000,2500000}');
"""

EVENT_SOURCE = """
create view crm_event_source as
select customer_id, at, 'note'::varchar(40) as kind, ''::varchar(12) as channel, 'crm'::varchar(20) as app, id as object_id,
    jsonb_build_object('text', left(text, 500)) as properties, null::numeric(20, 6) as value
from crm_note
union all
select customer_id, at, case state when 'granted' then 'consent_granted' else 'consent_withdrawn' end, channel, 'crm', id,
    jsonb_build_object('channel', channel, 'source', source), null
from crm_consent;
"""
EVENT_SOURCE_DOWN = "drop view crm_event_source;"
