"""The search of every page: whom a few letters mean, and what a role may find."""

import pytest
from django.utils import timezone

from crm import search
from crm.models import Customer, CustomerReference
from tests.crm.crowd import crowd

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def known(name: str, **fields: str) -> Customer:
    return Customer.objects.create(name=name, registered_at=timezone.now(), **fields)


def found(text: str, limit: int = 6) -> list[str]:
    return [customer.name for customer in search.customers(text, limit)]


@pytest.mark.parametrize(
    "text",
    ["nguyen thi", "Nguyễn", "ÁNH", "hồng anh", "anh hong", "0903 418 265", "+84 903 418 265", "0903.418", "418265",
     "honganh@", "HONGANH@example.vn", "KH-00077", "N", "ng"],
)  # fmt: skip
def test_a_customer_is_found_by(text):
    ánh = known("Nguyễn Thị Hồng Ánh", phone="+84903418265", email="HongAnh@example.vn")
    CustomerReference.objects.create(customer=ánh, source="shop", external_id="KH-00077")
    known("Trần Bảo", phone="+84912000111", email="bao@example.vn")
    assert found(text) == ["Nguyễn Thị Hồng Ánh"]


@pytest.mark.parametrize("text", ["", "  ", "%", "_", "\0", "zzz qqq", "0999 999", "@", "x" * 500])
def test_nothing_is_found_by(text):
    known("Nguyễn Thị Hồng Ánh", phone="+84903418265")
    assert found(text) == []


def test_the_very_number_comes_first_then_names_that_begin_so_then_names_that_hold_it():
    known("Lan Anh"), known("Anh Dũng"), known("Hoàng Anh Tuấn"), known("Someone", phone="+84903418265")
    assert found("anh") == ["Anh Dũng", "Lan Anh", "Hoàng Anh Tuấn"]
    known("Other", phone="+84903418266")
    assert found("0903418265")[0] == "Someone"


def test_while_typing_a_few_and_with_enter_a_page(staff):
    for n in range(10):
        known(f"Lan {n}")
    browser = staff()
    part = browser.get("/search", {"q": "lan"}, headers=HTMX).content.decode()
    assert part.count("<b>Lan ") == 6
    assert "<html" not in part
    page = browser.get("/search", {"q": "lan"}).content.decode()
    assert page.count("<b>Lan ") == 10
    assert "<html" in page


def test_what_a_role_may_not_see_it_does_not_find(staff):
    from campaigns.models import Campaign
    from crm.models import Segment

    segment = Segment.objects.create(name="Everyone")
    Campaign.objects.create(name="Winter teas", segment=segment, subject="Tea", mjml="<mjml></mjml>", holdout_share=0)
    groups = {role: staff(role).get("/search", {"q": "winter"}).context["others"] for role in ("Marketing", "Support")}
    assert groups["Support"] == []


def test_what_is_not_found_says_what_may_be_typed(staff):
    assert "Nothing found" in staff().get("/search", {"q": "zzzz"}, headers=HTMX).content.decode()


@pytest.mark.slow
def test_each_step_of_the_search_walks_an_index(django_assert_max_num_queries):
    crowd(20_000)
    known("Zebulon")
    steps = {
        search.name_begins("ng"): "customer_by_name",
        search.phone_begins("0900 001"): "customer_phone",
        search.email_begins("customer77"): "customer_email",
        search.name_holds("ebulon"): "customer_search_name",
    }
    for step, index in steps.items():
        plan = step[:6].explain()
        assert index in plan, plan
        assert "Seq Scan on crm_customer " not in plan, plan
    with django_assert_max_num_queries(12):
        assert len(found("quynh")) == 6
