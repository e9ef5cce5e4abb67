"""How money, days, phones and figures are written (crm/templatetags/regulars.py)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import RequestContext, Template
from django.test import RequestFactory

from crm.models import Shop
from crm.templatetags import regulars

NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def shop(db):
    shop = Shop.current()
    yield shop
    regulars.forget_shop()


@pytest.fixture
def british(shop):
    shop.country, shop.language, shop.currency, shop.timezone = "GB", "en", "GBP", "Europe/London"
    shop.save()
    regulars.forget_shop()
    return shop


def test_money_is_written_as_in_vietnam(shop):
    assert regulars.money(1_250_000) == f"1.250.000{NBSP}₫"
    assert regulars.money(Decimal("-50000.000000")) == f"−50.000{NBSP}₫"
    assert regulars.money(None) == regulars.money("") == ""


def test_money_of_a_british_shop_has_pence_and_its_sign_in_front(british):
    assert regulars.money(Decimal("12.5")) == "£12.50"


def test_large_money_is_shortened_to_thousands_and_millions(shop):
    assert regulars.short_money(1_284_600_000) == f"1.284,6{NBSP}m{NBSP}₫"
    assert regulars.short_money(311_265) == f"311{NBSP}k{NBSP}₫"
    assert regulars.short_money(9_500) == f"9.500{NBSP}₫"


def test_figures_have_the_shops_groups_and_signs(shop):
    assert regulars.count(13_986) == "13.986"
    assert regulars.percent(0.824, 1) == f"82,4{NBSP}%"
    assert regulars.signed(8.24, 1) == "+8,2"
    assert regulars.signed(-2.34, 1) == "−2,3"
    assert regulars.signed(0.04, 1) == "0,0"


def test_figures_for_svg_have_a_point_in_every_language(shop):
    assert regulars.plain(72.5) == "72.5"
    assert regulars.plain(Decimal(1) / 3, 100) == "33.33"


def test_moments_are_shown_in_the_shops_time_zone(shop):
    late_in_utc = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    assert regulars.moment(late_in_utc) == "25/11/2026, 00:30"
    assert regulars.iso(late_in_utc) == "2026-11-25T00:30+07:00"


def test_a_day_stays_the_day_that_it_is(shop):
    assert regulars.day(date(2026, 11, 4)) == "04/11/2026"


def test_a_phone_at_home_is_national_and_one_abroad_international(shop):
    assert regulars.phone("+84903418265") == "0903 418 265"
    assert regulars.phone("+442079460958") == "+44 20 7946 0958"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Nguyễn Thị Hồng Ánh", "NÁ"), ("Đặng Minh Châu", "ĐC"), ("Sen", "S"), ("", "?"), ("(42)", "?")],
)
def test_initials_are_those_of_the_first_and_last_word(name, expected):
    assert regulars.initials(name) == expected


def test_the_same_record_always_has_the_same_tint():
    assert regulars.tint("abc") == regulars.tint("abc")
    assert {regulars.tint(key) for key in range(100)} == {1, 2, 3, 4, 5}


def test_a_link_keeps_the_query_and_changes_what_it_is_told(shop):
    template = Template('{% query_with sort="name" after="" %}')
    request = RequestFactory().get("/", {"stage": "7", "after": "x", "sort": "total"})
    request.user = AnonymousUser()
    assert template.render(RequestContext(request)) == "?stage=7&amp;sort=name"


def test_an_icon_is_decoration_unless_it_says_something():
    assert 'aria-hidden="true"' in regulars.icon("home")
    assert 'role="img" aria-label="Paid"' in regulars.icon("check", "sm", "Paid")


def test_a_shop_in_vietnam_may_speak_english(shop):
    shop.language = "en"
    shop.save()
    regulars.forget_shop()
    assert regulars.day(date(2026, 11, 24)) != ""
