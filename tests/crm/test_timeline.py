"""The time line: order, groups, pages, words, and links only where the door is open."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from crm import events, timeline
from crm.models import Customer, Event, User
from crm.roles import Role

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def lan(db: None) -> Customer:
    customer = Customer.objects.create(name="Lan", registered_at=timezone.now())
    customer.refresh_from_db()
    return customer


@pytest.fixture
def rep(db: None) -> User:
    user = User.objects.create_user("rep@shop.vn", name="Rep")
    user.take_role(Role.SALES)
    return user


def happened(customer: Customer, at: datetime, kind: str = "page", **properties: object) -> Event:
    return Event.objects.create(customer=customer, at=at, kind=kind, app=events.kinds[kind].app, properties=properties)


def words(page: timeline.Page) -> list[str]:
    return [str(entry.words) for period in page.periods for entry in period.entries]


def test_newest_stands_first_and_days_and_months_have_headings(lan, rep):
    now = timezone.now()
    happened(lan, now, title="today")
    happened(lan, now - timedelta(days=40), title="before")
    happened(lan, datetime(2024, 2, 3, tzinfo=UTC), title="long ago")
    page = timeline.page(lan, rep)
    assert words(page) == ["Looked at <b>today</b>", "Looked at <b>before</b>", "Looked at <b>long ago</b>"]
    assert page.periods[0].heading.startswith("Today, ")
    assert page.periods[-1].heading == "February 2024"


def test_older_pages_go_on_where_the_last_ended_also_within_one_moment(lan, rep):
    now = timezone.now()
    for n in range(17):
        happened(lan, now - timedelta(hours=n // 7), title=f"{n}")
    seen, until, already = [], None, 0
    while True:
        page = timeline.page(lan, rep, until=until, seen=already, size=3)
        seen += words(page)
        if not page.older:
            break
        from django.http import QueryDict

        place = QueryDict(page.older)
        until, already = datetime.fromisoformat(place["until"]), int(place["seen"])
    assert len(seen) == len(set(seen)) == 17


def test_groups_are_counted_and_filtered(lan, rep, staff):
    happened(lan, timezone.now(), title="tea")
    happened(lan, timezone.now(), "order_placed", number="DH-1")
    shown = {each.name: each.count for each in timeline.filters(lan)}
    assert shown == {"": 2, "orders": 1, "visits": 1}
    assert words(timeline.page(lan, rep, group="orders")) == ["Ordered <b>DH-1</b>, "]
    part = staff().get(f"/customers/{lan.public_id}/timeline", {"group": "visits"}, headers=HTMX).content.decode()
    assert "DH-1" not in part
    assert "Looked at" in part


def test_what_strangers_wrote_is_text_and_never_mark_up_or_a_placeholder(lan, rep):
    happened(lan, timezone.now(), title="<script>x</script> {value} %(name)s")
    assert words(timeline.page(lan, rep)) == ["Looked at <b>&lt;script&gt;x&lt;/script&gt; {value} %(name)s</b>"]


def test_money_is_written_in_the_shops_form(lan, rep):
    event = happened(lan, timezone.now(), "order_placed", number="DH-1")
    Event.objects.filter(customer=lan, at=event.at).update(value=Decimal(1_250_000))
    assert words(timeline.page(lan, rep))[0].startswith("Ordered <b>DH-1</b>, 1.250.000")


def test_a_kind_that_no_app_knows_any_more_is_left_out(lan, rep):
    Event.objects.create(customer=lan, at=timezone.now(), kind="forgotten", app="gone")
    assert timeline.page(lan, rep).periods == []
    assert timeline.filters(lan)[0].count == 0


def test_a_link_to_a_closed_door_is_none(lan):
    happened(lan, timezone.now(), "order_placed", number="DH-1")
    stranger = User.objects.create_user("nobody@shop.vn", name="No role")
    assert timeline.page(lan, stranger).periods[0].entries[0].url is None
    stranger.take_role(Role.SALES)
    stranger = User.objects.get(pk=stranger.pk)
    assert timeline.page(lan, stranger).periods[0].entries[0].url is not None


@pytest.mark.parametrize(
    "place", ["until=x", "until=2026-01-01T00:00:00", "until=2026-01-01T00:00:00Z&seen=x", "seen=5"]
)
def test_a_place_that_makes_no_sense_is_the_beginning(place, lan, staff):
    happened(lan, timezone.now(), title="tea")
    assert "Looked at" in staff().get(f"{lan.get_absolute_url()}?{place}").content.decode()
