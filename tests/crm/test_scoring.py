"""What facts, classes and stages a customer gets (docs/domain.md 3 and 4)."""

import csv
import io
import json
import random
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from crm import locks, tasks
from crm.models import Due, Facts, Membership, Score, ScoringModel, Segment, Shop
from crm.scoring.rescore import night_is_due, rank_if_stale, rescore, rescore_due
from tests.crm.scoring_world import answer, at, classes, credit, customer, facts, give_back, line, order, visit

pytestmark = pytest.mark.django_db
NOW = at("2026-11-24 10:00")


# Facts


def test_orders_revenue_first_and_last_order_follow_from_the_ledger():
    lan = customer()
    order(lan, "2026-01-10", 100)
    order(lan, "2026-03-10", 250)
    rescore(NOW)
    seen = facts(lan)
    assert (seen.orders, seen.revenue, seen.average) == (2, 350, 175)
    assert (seen.first_order_at, seen.last_order_at) == (at("2026-01-10"), at("2026-03-10"))


def test_order_that_came_back_whole_is_no_order():
    lan = customer()
    kept, returned = order(lan, "2026-01-10", 100), order(lan, "2026-03-10", 250)
    give_back(returned, "2026-03-20", 250)
    give_back(kept, "2026-03-20", 40)
    rescore(NOW)
    assert (facts(lan).orders, facts(lan).revenue, facts(lan).last_order_at) == (1, 60, at("2026-01-10"))


def test_order_counts_until_the_day_it_came_back():
    lan = customer()
    give_back(order(lan, "2026-03-10", 250), "2026-03-20", 250)
    assert export("threshold", "2026-03-20")[0]["orders"] == "1"
    assert export("threshold", "2026-03-21")[0] | {"stage": ""} == {
        "customer": str(lan.public_id),
        "last_order": "",
        "orders": "0",
        "monetary": "",
        "r": "",
        "f": "",
        "m": "",
        "stage": "",
    }


def test_order_stands_at_its_earliest_line():
    lan = customer()
    line(order(lan, "2026-03-10 10:00", 10), "2026-03-10 09:30", 5)
    rescore(NOW)
    assert (facts(lan).orders, facts(lan).last_order_at) == (1, at("2026-03-10 09:30"))


def test_credit_lowers_revenue_and_is_no_order():
    lan = customer()
    order(lan, "2026-01-10", 100)
    credit(lan, "2026-02-10", 30)
    rescore(NOW)
    assert (facts(lan).orders, facts(lan).revenue) == (1, 70)


def test_anonymous_orders_belong_to_nobody():
    order(None, "2026-01-10", 100)
    assert rescore(NOW).facts.looked_at == 0


def test_what_happens_at_as_of_or_later_is_not_seen():
    lan = customer()
    order(lan, "2026-11-24 09:59", 100)
    order(lan, "2026-11-24 10:00", 100)
    rescore(NOW)
    assert facts(lan).orders == 1


def test_visit_is_a_run_of_events_with_gaps_under_thirty_minutes():
    lan = customer()
    for clock in ("09:00", "09:29", "09:58", "10:28", "12:00"):
        visit(lan, f"2026-10-01 {clock}")
    rescore(NOW)
    assert (facts(lan).visits, facts(lan).last_visit_at) == (3, at("2026-10-01 12:00"))


def test_only_what_a_human_did_is_an_answer():
    lan = customer()
    answer(lan, "2026-10-01")
    answer(lan, "2026-10-02", agent="machine")
    answer(lan, "2026-10-03", agent="unknown")
    rescore(NOW)
    assert (facts(lan).responses, facts(lan).last_response_at) == (1, at("2026-10-01"))


# Threshold model (Table 6.4; the shop's bounds are 250, 750, 1,250 and 2,500 thousand)


@pytest.mark.parametrize(
    ("last", "r"),
    [
        ("2026-11-30 00:00", 5),  # November has 30 days: the day is clamped, and what lies on the bound is within
        ("2026-11-29 23:59", 4),
        ("2026-09-30 00:00", 4),
        ("2026-09-29 23:59", 3),
        ("2026-06-30 00:00", 3),
        ("2026-06-29 23:59", 2),
        ("2025-12-31 00:00", 2),
        ("2025-12-30 23:59", 1),
    ],
)
def test_recency_counts_calendar_months_back_and_the_bound_is_within(last, r):
    lan = customer()
    order(lan, last)
    rescore(at("2026-12-31"))
    assert classes(lan)[0] == r


@pytest.mark.parametrize(("orders", "f"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (11, 4), (12, 5)])
def test_frequency_counts_orders_of_twelve_months(orders, f):
    lan = customer()
    order(lan, "2025-11-24 09:59")  # just too old
    order(lan, "2025-11-24 10:00")
    for hour in range(orders - 1):
        order(lan, f"2026-06-01 {hour:02}:00")
    rescore(NOW)
    assert (facts(lan).orders_year, classes(lan)[1]) == (orders, f)


@pytest.mark.parametrize(
    ("values", "m"),
    [
        ([249_999], 1),
        ([250_000], 2),
        ([750_000], 3),
        ([1_250_000], 4),
        ([2_500_000], 4),
        ([2_500_001], 5),
        ([250_000, 249_999.99], 1),  # the average is not rounded
    ],
)
def test_money_is_the_unrounded_average_order_value(values, m):
    lan = customer()
    for value in values:
        order(lan, "2026-10-01", value)
    rescore(NOW)
    assert classes(lan)[2] == m


# Statistical model (Fig. 6.11)


def test_statistical_classes_are_nested_fifths_with_stated_ties():
    chance = random.Random(7)
    people = [customer(str(n)) for n in range(57)]
    for each in people:
        for _ in range(chance.choice([0, 1, 1, 2, 3])):
            order(each, f"2026-{chance.randint(1, 3):02}-01", chance.choice([50, 100]))
    rescore(NOW)
    measures = {
        f.pk: (f.last_order_at, f.orders, f.revenue, f.pk) for f in Facts.objects.filter(orders__gt=0)
    }  # fmt: skip
    expected = {}
    for r, in_r in fifths(measures, key=lambda pk: measures[pk]):
        for f, in_f in fifths(in_r, key=lambda pk: measures[pk][1:]):
            for m, in_m in fifths(in_f, key=lambda pk: measures[pk][2:]):
                expected |= dict.fromkeys(in_m, (r, f, m))
    found = {s.customer_id: (s.r, s.f, s.m) for s in Score.objects.filter(model=ScoringModel.statistical())}
    assert found == expected


def fifths(ids, key):
    """Equal shares, the lower classes the larger ones: SQL's ntile."""
    ranked = sorted(ids, key=key)
    size, larger = divmod(len(ranked), 5)
    start = 0
    for number in range(1, 6):
        end = start + size + (number <= larger)
        yield number, ranked[start:end]
        start = end


def test_without_a_counted_order_there_is_no_class():
    lan = customer()
    bought = order(lan, "2026-10-01")
    rescore(NOW)
    assert classes(lan) == (4, 1, 1)
    assert classes(lan, "statistical") == (1, 1, 1)
    give_back(bought, "2026-10-02", 100)
    rescore(NOW)
    assert classes(lan) is classes(lan, "statistical") is None


# Stages (Fig. 6.10)


def test_visitor_with_one_visit_is_stage_one_and_with_two_stage_two():
    once, twice = customer("", registered=None), customer("", registered=None)
    for each, days in ((once, ["01"]), (twice, ["01", "02"])):
        for day in days:
            visit(each, f"2026-10-{day}")
    rescore(NOW)
    assert (facts(once).stage, facts(twice).stage) == (1, 2)


def test_visitor_who_did_nothing_has_no_facts():
    nobody = customer("", registered=None)
    rescore(NOW)
    assert not Facts.objects.filter(pk=nobody.pk).exists()


def test_visit_on_a_later_day_of_the_shop_makes_a_returner():
    same, later = customer(registered="2026-10-01 08:00"), customer(registered="2026-10-01 08:00")
    visit(same, "2026-10-01 23:59")
    visit(later, "2026-10-02 00:00")
    rescore(NOW)
    assert (facts(same).stage, facts(later).stage) == (3, 4)


@pytest.mark.parametrize(
    ("ordered", "answered", "stage"),
    [
        ("2025-11-24 10:00", "2026-08-26 10:00", 7),  # both on the bound
        ("2025-11-24 10:00", "2026-08-26 09:59", 5),
        ("2025-11-24 09:59", "2026-08-26 10:00", 5),
        ("2025-11-24 09:59", "2026-08-26 09:59", 6),
        ("2025-11-24 09:59", None, 6),
        ("2026-11-01", None, 5),
    ],
)
def test_stage_of_a_buyer_follows_from_the_last_order_and_the_last_answer(ordered, answered, stage):
    lan = customer()
    order(lan, ordered)
    if answered:
        answer(lan, answered)
    rescore(NOW)
    assert facts(lan).stage == stage


def test_who_only_ever_cancelled_is_newly_registered():
    lan = customer()
    give_back(order(lan, "2026-10-01"), "2026-10-01 12:00", 100)
    rescore(NOW)
    assert facts(lan).stage == 3


def test_windows_of_the_shop_are_used():
    Shop.objects.update(inactive_after_days=10)
    lan = customer()
    order(lan, "2026-11-01")
    rescore(NOW)
    assert facts(lan).stage == 6


# Runs


def test_changed_customers_are_looked_at_and_nobody_else():
    lan, minh = customer("Lan"), customer("Minh")
    rescore()
    order(lan, "2026-01-01")
    result = rescore_due()
    assert (result.facts.looked_at, result.facts.changed, result.threshold.changed) == (1, 1, 1)
    assert facts(lan).orders == 1
    assert facts(minh).stage == 3
    assert not Due.objects.exists()


def test_unchanged_shop_is_not_written_to():
    for name in "abc":
        order(customer(name), "2026-01-01")
    rescore(NOW)
    again = rescore(NOW)
    assert [step.changed for step in (again.facts, again.statistical, again.threshold, again.stages)] == [0] * 4
    assert again.facts.looked_at == 3


def test_statistical_model_is_ranked_again_at_most_every_ten_minutes():
    lan = customer()
    rescore()
    order(lan, "2026-01-01")
    rescore_due()
    assert rank_if_stale().looked_at == 0
    ScoringModel.objects.update(scored_at=timezone.now() - timedelta(minutes=11))
    assert rank_if_stale().changed == 1
    assert classes(lan, "statistical") == (1, 1, 1)
    ScoringModel.objects.update(scored_at=timezone.now() - timedelta(minutes=11))
    assert rank_if_stale().looked_at == 0  # nothing changed since


@pytest.mark.django_db(transaction=True)
def test_second_run_at_the_same_time_is_refused_with_a_sentence():
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtextextended('rescore', 0))")
        with pytest.raises(locks.AlreadyRunning, match="try again"):
            rescore()
        cursor.execute("select pg_advisory_unlock_all()")
    other.close()
    rescore()


# Commands


def export(model, as_of=None):
    out = io.StringIO()
    call_command("export_scores", model=model, stdout=out, **({"as_of": at(as_of).date()} if as_of else {}))
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def test_export_prints_every_identified_customer_and_writes_nothing():
    lan, minh, visitor = customer("Lan"), customer("Minh", registered="2026-06-01"), customer("", registered=None)
    lan.references.create(source="web", external_id="C-7")
    visit(visitor, "2026-01-01")
    order(lan, "2026-01-01 08:30", 100)
    order(lan, "2026-02-01 08:30", "50.5")
    rows = {row["customer"]: row for row in export("threshold", "2026-03-01")}
    assert rows == {
        "C-7": {"customer": "C-7", "last_order": "2026-02-01T08:30:00+07:00", "orders": "2", "monetary": "75.25",
                    "r": "5", "f": "2", "m": "1", "stage": "5"},
        str(minh.public_id): {"customer": str(minh.public_id), "last_order": "", "orders": "0", "monetary": "",
                                  "r": "", "f": "", "m": "", "stage": ""},
    }  # fmt: skip
    assert export("statistical", "2026-03-01")[-1 if min(rows) != "C-7" else 0]["monetary"] == "150.5"
    assert not Facts.objects.exists()
    assert not Score.objects.exists()


def test_rescore_prints_what_it_did_as_json():
    order(customer(), "2026-01-01")
    out = io.StringIO()
    call_command("rescore", full=True, json=True, stdout=out)
    result = json.loads(out.getvalue())
    assert list(result) == ["facts", "statistical", "threshold", "stages"]
    assert {kind: (step["looked_at"], step["changed"]) for kind, step in result.items()} == {
        "facts": (1, 1), "statistical": (1, 1), "threshold": (1, 1), "stages": (1, 1),
    }  # fmt: skip
    assert all(step["seconds"] >= 0 for step in result.values())


# Duties of beat


@pytest.mark.celery
def test_worker_scores_a_changed_customer_and_moves_the_segments(celery_worker, wait_until):
    Segment.objects.create(name="Buyers", rules={"all": [{"condition": "orders", "compare": "at_least", "number": 1}]})
    lan = customer()
    order(lan, "2026-01-01")
    tasks.rescore_changed.delay()
    wait_until(lambda: Membership.objects.filter(customer=lan).exists(), what="the membership")
    assert facts(lan).orders == 1
    assert classes(lan) is not None


def test_night_is_due_once_after_two_on_the_clocks_of_the_shop():
    ScoringModel.objects.update(scored_at=at("2026-11-24 01:59"))
    assert not night_is_due(at("2026-11-24 01:59"))
    assert night_is_due(at("2026-11-24 02:00"))
    assert night_is_due(at("2026-11-26 01:00"))
    ScoringModel.objects.update(scored_at=at("2026-11-24 02:05"))
    assert not night_is_due(at("2026-11-25 01:59"))
    assert night_is_due(at("2026-11-25 02:00"))
