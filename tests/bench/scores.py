"""Scoring: everybody anew, everybody unchanged, one customer in a hundred; the limit is bare SQL of the same result."""

from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from crm.models import Customer
from crm.models.customer import mark_changed
from crm.scoring.rescore import rescore, rescore_due
from tests.bench.measure import Row, in_turns

BARE = Path(__file__).with_name("bare_scores.sql").read_text()
FACTS = "customer_id, orders, revenue, first_order_at, last_order_at, orders_year, visits, last_visit_at, responses, last_response_at"
KEYS = """
alter table bare_crm_facts add foreign key (customer_id) references crm_customer deferrable initially deferred;
alter table bare_crm_score add foreign key (customer_id) references crm_customer deferrable initially deferred,
    add foreign key (model_id) references crm_scoringmodel deferrable initially deferred;
"""
CLEAR = "truncate crm_facts, crm_score"
CLEAR_BARE = "truncate bare_crm_facts, bare_crm_score"
FULL = f"""
insert into bare_crm_facts ({FACTS}) select * from bare_facts(null);
insert into bare_crm_score (customer_id, model_id, r, f, m) select customer_id, 2, r, f, m from bare_threshold(null);
insert into bare_crm_score (customer_id, model_id, r, f, m) select customer_id, 1, r, f, m from bare_statistical();
update bare_crm_facts f set stage = s.stage from bare_stages(null) s where s.customer_id = f.customer_id;
"""
UNCHANGED = """
select count(*) from bare_facts(null) n join bare_crm_facts o using (customer_id)
    where (n.orders, n.revenue, n.first_order_at, n.last_order_at, n.orders_year,
        n.visits, n.last_visit_at, n.responses, n.last_response_at)
    is distinct from
    (o.orders, o.revenue, o.first_order_at, o.last_order_at, o.orders_year, o.visits, o.last_visit_at, o.responses, o.last_response_at);
select count(*) from bare_threshold(null) n left join bare_crm_score o on o.customer_id = n.customer_id and o.model_id = 2
    where (n.r, n.f, n.m) is distinct from (o.r, o.f, o.m);
select count(*) from bare_statistical() n left join bare_crm_score o on o.customer_id = n.customer_id and o.model_id = 1
    where (n.r, n.f, n.m) is distinct from (o.r, o.f, o.m);
select count(*) from bare_stages(null) n join bare_crm_facts o using (customer_id) where n.stage is distinct from o.stage;
"""
SOME = f"""
insert into bare_crm_facts ({FACTS}) select * from bare_facts(%(ids)s)
on conflict (customer_id) do update set (orders, revenue, last_order_at, orders_year, visits, responses) =
    (excluded.orders, excluded.revenue, excluded.last_order_at, excluded.orders_year, excluded.visits, excluded.responses);
insert into bare_crm_score (customer_id, model_id, r, f, m) select customer_id, 2, r, f, m from bare_threshold(%(ids)s)
on conflict (customer_id, model_id) do update set (r, f, m) = (excluded.r, excluded.f, excluded.m);
update bare_crm_facts f set stage = s.stage from bare_stages(%(ids)s) s where s.customer_id = f.customer_id;
"""


def full(scale: int) -> Iterator[Row]:
    prepare()
    ours, limit = in_turns(
        rescore, lambda: run(FULL), rounds=2, before_ours=lambda: run(CLEAR), before_limit=lambda: run(CLEAR_BARE)
    )
    yield Row("rescore:full", scale, ours, limit, "s", 1.3)


def unchanged(scale: int) -> Iterator[Row]:
    prepare()
    rescore()
    run(CLEAR_BARE)
    run(FULL)
    yield Row("rescore:unchanged", scale, *in_turns(rescore, lambda: run(UNCHANGED)), "s", 1.3)


def one_percent(scale: int) -> Iterator[Row]:
    """The way of a change: queued, taken, facts, threshold classes and stages."""
    prepare()
    rescore()
    run(CLEAR_BARE)
    run(FULL)
    ids = list(Customer.objects.order_by("?").values_list("pk", flat=True)[: max(1, scale // 100)])
    ours, limit = in_turns(rescore_due, lambda: run(SOME, {"ids": ids}), before_ours=lambda: mark_changed(ids))
    yield Row("rescore:1pct", scale, ours, limit, "s", 1.3)


def prepare() -> None:
    run("drop table if exists bare_crm_facts, bare_crm_score")
    run(
        "create table bare_crm_facts (like crm_facts including all); create table bare_crm_score (like crm_score including all)"
    )
    run(KEYS)  # `like` leaves foreign keys out, and checking them is part of the same result
    run(BARE)
    run("truncate crm_due")


def run(statements: str, parameters: dict[str, object] | None = None) -> None:
    with connection.cursor() as cursor:
        for statement in statements.split(";\n") if parameters else [statements]:
            if statement.strip():
                cursor.execute(statement, parameters)
