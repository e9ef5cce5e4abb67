"""Rebuilt equals incremental, whatever happened in whatever order (docs/domain.md; DESIGN's promise of derived data)."""

import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm import events
from crm.models import Event, Facts, Membership, Note, Score, Segment
from crm.scoring.rebuild import compare, differences, rebuild
from crm.scoring.rescore import View, rescore, rescore_due
from crm.segments.refresh import follow, refresh_all
from orders.models import LineKind, Order, OrderChange, OrderState
from tests.crm.scoring_world import ZONE, answer, at, classes, customer, line, order, visit

pytestmark = pytest.mark.django_db
NOTHING = {"events": 0, "facts": 0, "threshold": 0, "stages": 0, "segments": 0}


def check() -> dict[str, int]:
    """The figures that `rebuild --check` prints; it ends with 1 where there are any."""
    out = io.StringIO()
    ended = 0
    try:
        call_command("rebuild", check=True, json=True, stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        ended = end.code
    found = json.loads(out.getvalue())
    assert ended == int(any(found.values()))
    return found


@pytest.fixture
def shop():
    """Two customers with an order each, one segment of buyers, all scored."""
    lan, minh = customer("Lan"), customer("Minh")
    for each in (lan, minh):
        order(each, "2026-01-01")
    events.derive("orders")
    segment = Segment.objects.create(
        name="Buyers", rules={"all": [{"condition": "orders", "compare": "at_least", "number": 1}]}
    )
    rescore()
    refresh_all()
    return lan, minh, segment


def test_check_of_a_true_shop_finds_nothing_and_writes_nothing(shop):
    before = snapshot()
    assert check() == NOTHING
    assert snapshot() == before


def test_check_finds_each_kind_of_difference_and_rebuild_mends_it(shop):
    lan, minh, _segment = shop
    Facts.objects.filter(customer=lan).update(revenue=1, stage=3)
    Score.objects.filter(customer=minh, model__slug="threshold").update(r=5)
    Membership.objects.filter(customer=minh).delete()
    Event.objects.filter(customer=lan, kind="order_placed").delete()
    Note.objects.create(customer=lan, text="written without its event")
    assert check() == {"events": 2, "facts": 1, "threshold": 1, "stages": 1, "segments": 1}
    assert rebuild() == {"events": 2, "facts": 1, "threshold": 1, "stages": 1, "segments": 1}
    assert check() == NOTHING


def test_source_rows_that_nobody_told_of_are_found(shop):
    lan, _minh, _segment = shop
    order(lan, "2026-02-01")
    assert check()["facts"] == 0  # she waits in crm_due: her turn comes
    rescore_due()
    with connection.cursor() as cursor:
        cursor.execute("update orders_orderline set value = 7 where customer_id = %s", [lan.pk])
    assert check()["facts"] == 1


def test_what_time_alone_changed_since_the_last_night_is_no_difference(shop):
    lan, _minh, _segment = shop
    now = timezone.now()
    order(lan, (now - timedelta(days=40)).astimezone(ZONE).isoformat()[:16].replace("T", " "))
    events.derive("orders")
    rescore(now - timedelta(days=20))
    assert classes(lan)[0] == 5
    assert ("threshold", lan.pk, 0) in compare(View(now))
    assert differences() == NOTHING
    Score.objects.filter(customer=lan, model__slug="threshold").update(r=1)
    assert differences() == {**NOTHING, "threshold": 1}


MOMENTS = st.datetimes(at("2024-01-01").replace(tzinfo=None), at("2026-11-20").replace(tzinfo=None)).map(
    lambda moment: moment.isoformat(" ", "minutes")
)
AMOUNTS = st.integers(1, 3_000_000)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), MOMENTS, AMOUNTS),
        st.tuples(st.just("line"), MOMENTS, AMOUNTS),
        st.tuples(st.just("return"), MOMENTS, st.floats(0.1, 1)),
        st.tuples(st.just("cancel"), MOMENTS, st.just(1.0)),
        st.tuples(st.just("visit"), MOMENTS, st.just(0)),
        st.tuples(st.just("answer"), MOMENTS, st.sampled_from(["human", "machine", "unknown"])),
        st.tuples(st.just("note"), MOMENTS, st.just(0)),
        st.tuples(st.just("look"), MOMENTS, st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, who=st.randoms(use_true_random=False))
def test_rebuilt_equals_incremental(steps, who):
    """Orders, returns, cancellations, visits, answers and notes, with looks at the changed customers in between."""
    people = [customer(f"C {number}", registered=None if number == 3 else "2024-01-01") for number in range(4)]
    Segment.objects.all().delete()
    for name, rules in {
        "Regulars": {"all": [{"condition": "orders", "compare": "at_least", "number": 2}]},
        "Recent": {"any": [{"condition": "score", "measure": "r", "model": "threshold", "compare": "at_least", "class": 4},
                           {"condition": "event", "kind": "mail_opened", "compare": "at_least", "times": 2}]},
        "Not six": {"none": [{"condition": "stage", "stages": ["6"]}]},
    }.items():  # fmt: skip
        Segment.objects.create(name=name, rules=rules)
    rescore()
    refresh_all()
    for verb, when, amount in steps:
        act(verb, when, amount, who.choice(people), who)
    rescore_due(follow)
    assert differences() == NOTHING
    before = snapshot()
    rebuild()
    assert snapshot() == before


def act(verb, when, amount, of, who):
    placed = list(Order.objects.filter(customer=of))
    match verb:
        case "order" if of.registered_at:
            order(of, when, amount)
        case "line" if placed:
            line(who.choice(placed), when, amount)
        case "return" | "cancel" if placed:
            chosen = who.choice(placed)
            left = sum(each.value for each in chosen.lines.all())
            taken = (left * Decimal(str(round(amount, 2)))).quantize(Decimal(1))
            if verb == "cancel":
                chosen.state = OrderState.CANCELLED
                chosen.save()
                OrderChange.objects.create(order=chosen, state=OrderState.CANCELLED, at=at(when))
            line(chosen, when, taken, LineKind.CANCELLATION if verb == "cancel" else LineKind.RETURN)
        case "visit":
            visit(of, when)
        case "answer":
            answer(of, when, amount)
        case "note":
            Note.objects.create(customer=of, text="Likes tea", at=at(when))
            events.derive("crm", [of.pk])
        case "look":
            rescore_due(follow)
    events.derive("orders", [of.pk])


def snapshot() -> list[list[tuple]]:
    return [
        sorted(Facts.objects.values_list()),
        sorted(Score.objects.filter(model__slug="threshold").values_list("customer", "r", "f", "m")),
        sorted(Membership.objects.values_list("segment", "customer")),
        sorted(Event.objects.values_list("customer", "kind", "at", "value"), key=str),
    ]
