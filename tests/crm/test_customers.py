"""The list of customers: filter, sort, pages, views, tags in bulk, CSV."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm import keyset
from crm.models import Consent, Customer, Facts, SavedView, Score, ScoringModel, Segment, User
from crm.models.segment import Membership
from crm.views.customers import SORTS
from tests.crm.crowd import crowd

pytestmark = pytest.mark.django_db
LIST = "/customers/"


def known(name: str, revenue: int | None = None, **fields: Any) -> Customer:
    """An identified customer, with facts if they are worth something."""
    customer = Customer.objects.create(name=name, registered_at=fields.pop("since", timezone.now()), **fields)
    if revenue is not None:
        Facts.objects.create(customer=customer, orders=1, revenue=revenue, last_order_at=timezone.now(), stage=5)
    customer.refresh_from_db()
    return customer


def names(response: Any) -> list[str]:
    return [row.name for row in response.context["page"].rows]


def test_highest_total_stands_first_and_those_without_an_order_last(staff):
    known("Poor", 10), known("Nobody"), known("Rich", 500)
    response = staff().get(LIST)
    assert names(response) == ["Rich", "Poor", "Nobody"]
    assert response.context["total"] == 3
    assert "3 customers" in response.content.decode()


def test_visitors_are_no_customers_of_the_list(staff):
    Customer.objects.create(name="Visitor")
    assert staff().get(LIST).context["total"] == 0


@pytest.mark.parametrize("sort", [f"{way}{name}" for name in SORTS for way in ("", "-")])
def test_walking_forward_and_back_shows_every_customer_once_and_in_order(sort, monkeypatch, staff):
    monkeypatch.setattr("crm.views.customers.SIZE", 4)
    now = timezone.now()
    for n in range(23):
        customer = known(f"Name {n % 5}", since=now - timedelta(days=n % 4))
        if n % 3:
            last = now - timedelta(days=n % 2) if n % 4 else None
            Facts.objects.create(customer=customer, revenue=n % 3 * 100, last_order_at=last)
    browser, page, forward = staff(), None, []
    while page is None or page.after:
        page = browser.get(LIST, {"sort": sort, "after": page.after if page else ""}).context["page"]
        forward.append([row.pk for row in page.rows])
    everyone = [pk for rows in forward for pk in rows]
    assert len(everyone) == len(set(everyone)) == 23
    backward = [forward[-1]]
    while page.before:
        page = browser.get(LIST, {"sort": sort, "before": page.before}).context["page"]
        backward.insert(0, [row.pk for row in page.rows])
    # Going back the pages may be cut elsewhere, but the order is the same and the first page is whole.
    assert backward[0] == forward[0]
    field = SORTS[sort.removeprefix("-")].field
    by_pk = dict(Customer.objects.values_list("pk", field))
    values = [by_pk[pk] for pk in everyone]
    with_value = [value for value in values if value is not None]
    assert with_value == sorted(with_value, reverse=sort.startswith("-"))
    assert values[len(with_value) :] == [None] * (len(values) - len(with_value))


def test_a_page_that_is_named_by_an_unknown_customer_is_the_first_one(staff):
    known("An", 5)
    for anchor in ("nonsense", "00000000-0000-0000-0000-000000000000"):
        assert names(staff().get(LIST, {"after": anchor})) == ["An"]


def score(customer: Customer, r: int, f: int, m: int, model: str = "statistical") -> None:
    Score.objects.create(customer=customer, model=ScoringModel.objects.get(slug=model), r=r, f=f, m=m)


def test_each_condition_of_the_address_keeps_those_who_meet_it(staff):
    rep = User.objects.create_user("rep@shop.vn", name="Rep")
    ánh = known("Nguyễn Thị Ánh", 900, city="Hà Nội", tags=["vip"], source="till", owner=rep, phone="+84903418265")
    bảo = known("Trần Bảo", 100, city="Huế", since=timezone.now() - timedelta(days=400))
    Facts.objects.filter(customer=bảo).update(stage=6)
    score(ánh, 5, 5, 4), score(bảo, 1, 4, 2), score(bảo, 5, 5, 5, "threshold")
    Consent.objects.create(customer=ánh, channel="email", state="granted", source="till")
    Consent.objects.create(customer=bảo, channel="email", state="withdrawn", source="link")
    segment = Segment.objects.create(name="Good ones")
    segment.refresh_from_db()
    Membership.objects.create(customer=ánh, segment=segment)
    browser = staff()
    for query, expected in {
        "stage=6": [bảo], "stage=5,6": [ánh, bảo], "model=statistical&r=5&f=5": [ánh], "model=threshold&r=5": [bảo],
        "r=1,2&f=4,5": [bảo], "m=4": [ánh], f"segment={segment.public_id}": [ánh], "consent=email": [ánh],
        "spent_over=500": [ánh], "city=hà nội": [ánh], "tag=vip": [ánh], f"owner={rep.pk}": [ánh], "source=till": [ánh],
        "q=anh": [ánh], "q=0903 418": [ánh], "since=month": [ánh], "since=2020-01-01": [ánh, bảo],
        "stage=5&tag=vip": [ánh], "stage=6&tag=vip": [],
    }.items():  # fmt: skip
        response = browser.get(f"{LIST}?{query}")
        assert names(response) == [each.name for each in expected], query
        assert response.context["total"] == len(expected), query
        assert len(response.context["chips"]) == (
            2 if query.count("&") and "model" not in query and "f=" not in query else 1
        )


def test_conditions_that_mean_nothing_are_left_out(staff):
    known("An")
    query = (
        "stage=x&r=9999999999&model=no&segment=1&consent=pigeon&spent_over=NaN&owner=x&since=31/02&sort=size&city=%00"
    )
    response = staff().get(f"{LIST}?{query}")
    assert names(response) == ["An"]
    assert response.context["chips"] == []
    assert names(staff().get(f"{LIST}?spent_over=1E-999999")) == ["An"]


def test_a_chip_takes_away_its_own_condition_and_keeps_the_others(staff):
    chips = staff().get(f"{LIST}?stage=5&r=1&f=2&model=threshold&after=x&sort=name").context["chips"]
    assert [chip["remove_url"] for chip in chips] == ["?r=1&f=2&model=threshold&sort=name", "?stage=5&sort=name"]


def test_a_list_needs_the_same_few_queries_however_long_it_is(staff):
    browser = staff("Admin")
    counts = []
    for size in (3, 40):
        for n in range(size):
            score(known(f"Customer {size} {n}", n), 1, 1, 1)
        known("", revenue=10**6 + size).references.create(source="file", external_id=f"{size}")
        with CaptureQueriesContext(connection) as queries:
            response = browser.get(LIST)
        assert response.status_code == 200
        counts.append(len(queries))
    assert counts[1] <= counts[0] <= 12


@pytest.mark.parametrize("sort", SORTS)
def test_no_order_of_the_list_reads_all_customers(sort):
    crowd(20_000)
    assert "Seq Scan on crm_customer" not in _plan(sort)


def _plan(sort: str) -> str:
    return keyset._part(Customer.objects.identified(), SORTS[sort], None, True, False)[:26].explain()


def test_everyone_has_common_views_and_keeps_own_ones(staff):
    known("An", 10, tags=["vip"]), known("Bao", 10)
    browser = staff()
    browser.post(reverse("crm:keep_view"), {"name": "Very important", "query": "tag=vip&after=x&evil=1"})
    assert SavedView.objects.get().query == "tag=vip"
    tabs = browser.get(reverse("crm:customers_views"), {"tag": "vip"}).content.decode()
    assert re.search(r'aria-current="true"[^>]*>\s*Very important <small>1</small>', tabs)
    assert "Champions" in tabs
    assert "Very important" not in staff("Support").get(LIST).content.decode()
    assert browser.post(reverse("crm:keep_view"), {"name": "Very important", "query": "stage=6"}).status_code == 302
    assert SavedView.objects.count() == 1
    browser.post(reverse("crm:drop_view"), {"name": "Very important"})
    assert not SavedView.objects.exists()


def test_ticked_customers_get_a_tag(staff):
    an, bao = known("An", tags=["vip"]), known("Bao")
    browser = staff("Marketing")
    response = browser.post(
        reverse("crm:customers_tag"),
        {"customer": [an.public_id, bao.public_id, "nonsense"], "tag": " vip ", "query": "stage=5"},
    )
    assert response.url == "/customers/?stage=5"
    assert list(Customer.objects.order_by("name").values_list("tags", flat=True)) == [["vip"], ["vip"]]


def test_the_file_holds_the_filtered_list_and_no_formulas(staff):
    known("=1+1", Decimal("1250000.50"), phone="+84903418265", tags=["vip"])
    known("Other", 5)
    response = staff("Manager").get(f"{reverse('crm:customers_export')}?tag=vip")
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    [row] = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert (row["Name"], row["Phone"], row["Revenue"]) == ("'=1+1", "0903 418 265", "1250000.5")


def test_sales_may_not_take_the_list_away(staff):
    assert staff("Sales").get(reverse("crm:customers_export")).status_code == 403


def test_the_list_without_customers_says_what_to_do(staff):
    assert "No customers yet" in staff().get(LIST).content.decode()
    known("An")
    assert "Nobody fits" in staff().get(f"{LIST}?q=zzz").content.decode()
