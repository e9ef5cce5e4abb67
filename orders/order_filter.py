"""The order list's filter: from the address of the page to conditions, each with the words it is shown by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm.channels import Channel
from crm.models import Customer, Shop
from crm.templatetags import regulars
from orders.models import LineKind, OrderLine, OrderState

KEYS = ["state", "channel", "q", "since", "until", "customer"]


@dataclass(frozen=True)
class Condition:
    """`name` and `value` complete “orders that …”; `key` of the query string leaves with it."""

    name: str
    value: str | Promise
    q: Q
    key: str


def conditions(query: QueryDict) -> list[Condition]:
    """What the address asks for; keys without a meaning are left out."""
    found = [state(query), channel(query), number(query), *days(query), customer(query)]
    return [condition for condition in found if condition]


def state(query: QueryDict) -> Condition | None:
    """A state, `open` for all that are under way, or `returned` for those of which something came back."""
    asked = query.get("state", "")
    if asked == "open":
        return Condition(_("are"), _("under way"), Q(state__in=[OrderState.PLACED, OrderState.CONFIRMED]), "state")
    if asked == "returned":
        return Condition(_("came back"), _("in part or whole"), Q(Exists(what_came_back())), "state")
    if asked not in OrderState.values:
        return None
    return Condition(_("are"), OrderState(asked).label, Q(state=asked), "state")


def what_came_back() -> QuerySet[OrderLine]:
    """The lines by which something of an order (the outer query) came back."""
    return OrderLine.objects.filter(order=OuterRef("pk"), kind__in=[LineKind.RETURN, LineKind.REFUND])


def channel(query: QueryDict) -> Condition | None:
    asked = query.get("channel", "")
    return (
        Condition(_("came by"), Channel(asked).label, Q(channel=asked), "channel") if asked in Channel.values else None
    )


def number(query: QueryDict) -> Condition | None:
    text = query.get("q", "").replace("\0", "").strip()[:120]
    if not text:
        return None
    return Condition(_("have a number like"), text, Q(external_id__startswith=text.upper()), "q")


def days(query: QueryDict) -> list[Condition]:
    """From the start of `since` to the end of `until`, in the shop's zone."""
    found = []
    if first := day(query.get("since", "")):
        found.append(Condition(_("were placed since"), regulars.day(first), Q(placed_at__gte=midnight(first)), "since"))
    if last := day(query.get("until", "")):
        end = midnight(last + timedelta(days=1))
        found.append(Condition(_("were placed until"), regulars.day(last), Q(placed_at__lt=end), "until"))
    return found


def customer(query: QueryDict) -> Condition | None:
    try:
        found = Customer.objects.filter(public_id=UUID(query.get("customer", ""))).first()
    except ValueError:
        return None
    return Condition(_("are of"), str(found), Q(customer=found), "customer") if found else None


def day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date.min < found < date.max else None


def midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, Shop.current().zone)
