"""The shop overview: what a month took in, and who sees the cards of the other apps."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.urls import reverse

from crm import home
from crm.models import Customer, Facts, Stage, User
from crm.roles import Role
from orders.models import LineKind, Order, OrderLine

NOW = datetime(2026, 11, 15, 5, tzinfo=UTC)  # noon in Ho Chi Minh City


def order(customer: Customer | None, at: datetime, value: int, *, taken_back: int = 0) -> Order:
    placed = Order.objects.create(
        source="test", external_id=f"{at}{value}", customer=customer, placed_at=at, currency="VND"
    )
    line = {"order": placed, "customer": customer, "at": at, "unit_price": 1}
    OrderLine.objects.create(**line, kind=LineKind.SALE, quantity=1, value=value)
    if taken_back:
        OrderLine.objects.create(**line, kind=LineKind.RETURN, quantity=-1, value=-taken_back)
    return placed


@pytest.fixture
def lan(db):
    lan = Customer.objects.create(name="Lan", registered_at=datetime(2026, 11, 2, tzinfo=UTC))
    Facts.objects.update_or_create(
        customer=lan, defaults={"first_order_at": datetime(2026, 9, 3, tzinfo=UTC), "stage": Stage.ACTIVE}
    )
    return lan


@pytest.fixture
def manager(db, client):
    cache.clear()
    user = User.objects.create_user("quan@shop.example", "a long enough password")
    user.groups.add(Group.objects.get(name=Role.MANAGER))
    client.force_login(user)
    return client


def test_a_month_begins_at_midnight_in_the_shops_time_zone(lan):
    order(lan, datetime(2026, 10, 31, 17, 30, tzinfo=UTC), 100)  # half past midnight on 1 November
    months = home.months(NOW)
    assert [month.start.isoformat() for month in months[-2:]] == [
        "2026-10-01T00:00:00+07:00",
        "2026-11-01T00:00:00+07:00",
    ]
    assert (months[-1].revenue, months[-1].orders) == (Decimal(100), 1)
    assert months[-2].revenue == 0


def test_returns_lower_the_revenue_and_an_order_returned_whole_does_not_count(lan):
    order(lan, datetime(2026, 11, 3, tzinfo=UTC), 500, taken_back=200)
    order(lan, datetime(2026, 11, 4, tzinfo=UTC), 300, taken_back=300)
    now = home.months(NOW)[-1]
    assert (now.revenue, now.orders) == (Decimal(300), 1)


def test_regulars_are_told_from_new_and_unnamed_customers(lan):
    order(lan, datetime(2026, 11, 3, tzinfo=UTC), 500)
    order(None, datetime(2026, 11, 4, tzinfo=UTC), 70)
    now = home.months(NOW)[-1]
    assert (now.regulars, now.others) == (Decimal(500), Decimal(70))


def test_the_month_before_is_compared_up_to_the_same_day(lan):
    order(lan, datetime(2026, 10, 10, tzinfo=UTC), 40)
    order(lan, datetime(2026, 10, 20, tzinfo=UTC), 60)
    before = home.months(NOW)[-2]
    assert (before.revenue, before.revenue_by_now) == (Decimal(100), Decimal(40))
    assert (before.orders, before.orders_by_now) == (2, 1)


def test_the_page_asks_at_most_twelve_questions_and_shows_the_figures(manager, lan, django_assert_max_num_queries):
    order(lan, datetime.now(UTC), 1_250_000)
    with django_assert_max_num_queries(12):
        page = manager.get(reverse("crm:home"))
    assert "1.250.000" in page.content.decode()


def test_a_card_is_shown_to_those_who_may_see_its_subject(manager, monkeypatch, lan):
    told = home.Card("x", "components/tag.html", "change_settings", lambda request: pytest.fail("a manager may not"))
    monkeypatch.setitem(home.cards, "x", told)
    assert manager.get(reverse("crm:home")).status_code == 200
