"""Every address × every role × strangers: who may enter is as docs/domain.md's table says, and no page has script or style of its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from campaigns.models import Campaign, CampaignState
from crm.models import Customer, Import, Note, Segment, User
from crm.roles import PERMISSIONS, Role
from orders.models import Order, Product
from support.models import Message, RawMail, Ticket

pytestmark = pytest.mark.django_db

# "Who may do what": a row of the table; W sees and changes, V sees, - does not see.
TABLE = """
                                       Sales  Support  Marketing  Manager  Admin
customers, notes, time line            W      W        V          W        W
tags                                   W      W        W          W        W
imports, exports                       -      -        W          W        W
merge                                  -      W        W          W        W
orders                                 W      W        V          W        W
tickets                                V      W        V          W        W
scores, heat map                       V      V        W          W        W
segments, campaigns, results           V      -        W          W        W
data quality, reports                  V      V        V          W        W
erase a customer, privacy requests     -      -        -          W        W
users, roles, settings                 -      -        -          -        W
"""
# The permissions that let one see and change each row.
ROWS = {
    "customers, notes, time line": ("see_customers", "change_customers"),
    "tags": (None, "tag_customers"),
    "imports, exports": (None, "move_data"),
    "merge": (None, "merge_customers"),
    "orders": ("see_orders", "change_orders"),
    "tickets": ("see_tickets", "change_tickets"),
    "scores, heat map": ("see_scores", "change_scores"),
    "segments, campaigns, results": ("see_campaigns", "change_campaigns"),
    "data quality, reports": ("see_reports", "change_reports"),
    "erase a customer, privacy requests": (None, "erase_customers"),
    "users, roles, settings": (None, "change_settings"),
}
# Which rows the addresses that begin so may belong to; an address that begins otherwise is a new area: add it here.
AREAS = {
    "customers/": {"customers, notes, time line", "tags", "imports, exports"},
    "notes/": {"customers, notes, time line"},
    "scores/": {"scores, heat map"},
    "segments/": {"segments, campaigns, results"},
    "imports/": {"imports, exports"},
    "settings/": {"users, roles, settings"},
    "home/": {"data quality, reports"},
    "orders/": {"orders"},
    "campaigns/": {"segments, campaigns, results", "imports, exports"},
    "inbox/": {"tickets"},
}
# For everyone who is logged in, whatever the role, and for everyone at all.
STAFF = {"crm:start", "crm:search", "crm:profile", "crm:keep_view", "crm:drop_view"}
PUBLIC = {"crm:set_language", "campaigns:unsubscribe", "support:contact"}
# allauth's own doors, and what machines ask: they have no `.access`.
OTHERS = re.compile(r"account_|health-")


@dataclass(frozen=True)
class Door:
    name: str
    route: str
    parameters: tuple[str, ...]
    access: str


def doors(patterns: list[Any] | None = None, route: str = "", namespace: str = "") -> Iterator[Door]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from doors(pattern.url_patterns, here, inner)
        elif isinstance(pattern, URLPattern):
            access = getattr(pattern.callback, "access", "")
            yield Door(f"{namespace}{pattern.name}", here, tuple(pattern.pattern.converters), access)


GUARDED = [door for door in doors() if not OTHERS.match(door.name) and not door.route.startswith("mailbox/")]


def table() -> dict[str, dict[Role, str]]:
    head, *lines = TABLE.strip("\n").splitlines()
    roles = [Role(word) for word in head.split()]
    cells = (re.split(r"\s{2,}", line.strip()) for line in lines)
    return {row: dict(zip(roles, marks, strict=True)) for row, *marks in cells}


def allowed(permission: str) -> set[Role]:
    """By the table, not by the code."""
    for row, (see, change) in ROWS.items():
        if permission in (see, change):
            marks = "VW" if permission == see else "W"
            return {role for role, mark in table()[row].items() if mark in marks}
    raise KeyError(permission)


def test_the_permissions_are_the_table():
    assert {name: set(roles) for name, roles in PERMISSIONS.items()} == {name: allowed(name) for name in PERMISSIONS}


def test_every_door_says_who_may_enter_and_belongs_to_its_area():
    for door in GUARDED:
        if door.name in STAFF | PUBLIC:
            assert door.access == ("staff" if door.name in STAFF else "public"), door
            continue
        rows = next((rows for begin, rows in AREAS.items() if door.route.startswith(begin)), set())
        assert door.access in {permission for row in rows for permission in ROWS[row]} - {None}, door


@pytest.fixture
def world() -> dict[str, dict[str, Any]]:
    """One of each, by the beginning of the addresses that name it; the longest beginning holds."""
    now = timezone.now()
    customer = Customer.objects.create(name="Nguyễn Thị Lan", email="lan@example.vn", registered_at=now)
    segment = Segment.objects.create(name="Everyone")
    campaign = Campaign.objects.create(
        name="Tết", segment=segment, subject="Tết", mjml="<mjml></mjml>", holdout_share=0
    )
    launched = Campaign.objects.create(
        name="Launched", segment=segment, subject="Tết", mjml="<mjml></mjml>", holdout_share=0,
        state=CampaignState.FINISHED, launched_at=now, finished_at=now,
    )  # fmt: skip
    ticket = Ticket.objects.create(customer=customer, subject="Tea", opened_at=now, last_message_at=now)
    mail = RawMail.objects.create(mailbox="shop@example.vn", raw=b"Subject: x\n\nx", sha256="0" * 64)
    made = {
        "customers/": customer,
        "notes/": Note.objects.create(customer=customer, text="Likes tea"),
        "segments/": segment,
        "campaigns/<uuid:public_id>/": campaign,
        "campaigns/<uuid:public_id>/sending": launched,
        "campaigns/<uuid:public_id>/result": launched,
        "campaigns/<uuid:public_id>/people": launched,
        "orders/": Order.objects.create(
            source="hand", external_id="DH-1", customer=customer, placed_at=now, currency="VND"
        ),
        "orders/products/": Product.objects.create(sku="T-1", name="Tea"),
        "imports/": Import.objects.create(),
        "inbox/message/": Message.objects.create(
            ticket=ticket, direction="in", text="Hello", html="<p>Hello</p>", at=now
        ),
        "inbox/kept/": mail,
        "inbox/": ticket,
        "settings/": User.objects.create_user("other@shop.vn", name="Other"),
    }
    ids = {}
    for begin, each in made.items():
        each.refresh_from_db()
        ids[begin] = {
            "public_id": getattr(each, "public_id", None), "number": getattr(each, "number", 1), "pk": each.pk,
            "customer_id": customer.public_id, "token": "nonsense",
        }  # fmt: skip
    return ids


def address(door: Door, world: dict[str, dict[str, Any]]) -> str:
    begins = sorted((begin for begin in world if door.route.startswith(begin)), key=len)
    ids = world[begins[-1]] if begins else {"token": "nonsense"}
    return reverse(door.name, kwargs={name: ids.get(name) or uuid4() for name in door.parameters})


@pytest.mark.parametrize("role", [None, *Role])
def test_each_door_opens_for_its_roles_and_for_nobody_else(role, world, staff_of, client):
    browser = client if role is None else staff_of(role)
    for door in GUARDED:
        response = browser.get(address(door, world))
        where = (door.name, role, response.status_code)
        if door.access == "public":
            assert response.status_code in (200, 302, 404, 405), where
            assert "/accounts/login/" not in response.headers.get("Location", ""), where
        elif role is None:
            assert response.status_code == 302, where
            assert response.url.startswith("/accounts/login/?next="), where
        elif door.access == "staff" or role in allowed(door.access):
            assert response.status_code in (200, 302, 404, 405), where
            assert "/accounts/login/" not in response.headers.get("Location", ""), where
        else:
            assert response.status_code == 403, where


@pytest.mark.parametrize("role", list(Role))
def test_who_only_sees_cannot_send_anything(role, world, staff_of):
    browser = staff_of(role)
    for door in GUARDED:
        if door.access in ("public", "staff"):
            continue
        if role not in allowed(door.access) or role not in allowed(door.access.replace("see_", "change_")):
            assert browser.post(address(door, world)).status_code == 403, door


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/contact/"])
def test_strangers_pages_have_no_script_or_style_of_their_own(path, client):
    assert_clean(client.get(path))


def test_no_page_has_script_or_style_of_its_own(world, staff_of):
    browser, seen = staff_of(Role.ADMIN), 0
    for door in GUARDED:
        response = browser.get(address(door, world))
        if response.status_code == 200 and "text/html" in response["Content-Type"] and not response.streaming:
            assert_clean(response, door.name)
            seen += 1
    assert seen > 20


INLINE = re.compile(r"<style|<script(?![^>]*\ssrc=)|<[^>]+\s(?:style|on[a-z]+)\s*=", re.IGNORECASE)


def assert_clean(response: Any, name: str = "") -> None:
    policy = response["Content-Security-Policy"]
    if "sandbox" in policy:  # a stranger's mail in a frame: its style is its own, and no script runs there
        assert "script-src 'none'" in policy or "default-src 'none'" in policy, (name, policy)
        return
    for directive in (
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert directive in policy, (name, policy)
    assert "unsafe" not in policy, name
    assert (found := INLINE.search(response.content.decode())) is None, (name, found)


@pytest.fixture
def staff_of(db: None) -> Any:
    def log_in(role: Role) -> Client:
        user = User.objects.create_user(f"{role.value.lower()}@shop.vn", name=role.value)
        user.take_role(role)
        browser = Client()
        browser.force_login(user)
        return browser

    return log_in
