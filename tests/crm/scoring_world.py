"""Customers, orders and events for tests of scores and segments, in a line each."""

from datetime import datetime
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from crm import events
from crm.models import Customer, Event, Facts, Score, ScoringModel
from crm.models.customer import mark_changed
from orders.models import LineKind, Order, OrderLine, Product

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
numbers = count(1)


def at(text: str) -> datetime:
    """A moment on the shop's clocks: "2026-11-24" or "2026-11-24 09:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def customer(name: str = "Lan", *, registered: str | None = "2020-01-01", **fields: object) -> Customer:
    made = Customer.objects.create(name=name, registered_at=at(registered) if registered else None, **fields)
    mark_changed([made.pk])
    return made


def order(of: Customer | None, when: str, value: float | Decimal = 100, product: Product | None = None) -> Order:
    made = Order.objects.create(
        source="hand", external_id=str(next(numbers)), customer=of, placed_at=at(when), currency="VND"
    )
    line(made, when, value, product=product)
    return made


def line(
    of: Order, when: str, value: float | Decimal, kind: LineKind = LineKind.SALE, product: Product | None = None
) -> OrderLine:
    """A line of an order's ledger; anything but a sale takes `value` away."""
    amount = Decimal(str(value)) if kind == LineKind.SALE else -Decimal(str(value))
    made = OrderLine.objects.create(
        order=of, customer=of.customer, kind=kind, at=at(when), product=product,
        quantity=1 if kind == LineKind.SALE else -1, unit_price=abs(amount), value=amount,
    )  # fmt: skip
    if of.customer_id:
        mark_changed([of.customer_id])
    return made


def give_back(of: Order, when: str, value: float | Decimal) -> OrderLine:
    return line(of, when, value, LineKind.RETURN)


def credit(of: Customer, when: str, value: float | Decimal) -> OrderLine:
    made = OrderLine.objects.create(
        customer=of, kind=LineKind.CREDIT, at=at(when), quantity=-1, unit_price=value, value=-Decimal(str(value))
    )
    mark_changed([of.pk])
    return made


def visit(of: Customer, when: str) -> Event:
    return events.record("page", of.pk, at=at(when), channel="website", properties={"title": "Tea"})


def answer(of: Customer, when: str, agent: str = "human") -> Event:
    return events.record("mail_opened", of.pk, at=at(when), channel="email", properties={"agent": agent})


def facts(of: Customer) -> Facts:
    return Facts.objects.get(pk=of.pk)


def classes(of: Customer, model: str = "threshold") -> tuple[int, int, int] | None:
    found = Score.objects.filter(customer=of, model=ScoringModel.objects.get(slug=model)).first()
    return (found.r, found.f, found.m) if found else None
