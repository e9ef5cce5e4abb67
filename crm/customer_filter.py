"""The customer list's filter: from the address of the page to conditions, each with the words it is shown by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.channels import Channel
from crm.models import Consent, Membership, Score, ScoringModel, Segment, Stage, User
from crm.models.consent import ConsentState
from crm.models.customer import Customer, CustomerQuerySet
from crm.templatetags import regulars


@dataclass(frozen=True)
class Condition:
    """`name` and `value` complete “customers who …”; `keys` of the query string leave with it."""

    name: str
    value: str
    q: Q
    keys: tuple[str, ...]


Reader = Callable[[QueryDict], Condition | None]
readers: list[Reader] = []


def reader(read: Reader) -> Reader:
    readers.append(read)
    return read


def conditions(query: QueryDict) -> list[Condition]:
    """What the address asks for. Keys without a meaning are left out, as a hand-written address may have them."""
    return [condition for read in readers if (condition := read(query))]


def customers(found: list[Condition]) -> CustomerQuerySet:
    """Identified customers who meet every condition."""
    return Customer.objects.identified().filter(*[condition.q for condition in found])


@reader
def text(query: QueryDict) -> Condition | None:
    words = _text(query, "q")
    return Condition(_("match"), f"“{words}”", Customer.matching(words), ("q",)) if words else None


@reader
def stage(query: QueryDict) -> Condition | None:
    stages = [Stage(number) for number in _numbers(query, "stage") if number in Stage.values]
    if not stages:
        return None
    return Condition(_("are"), _any_of([each.short for each in stages]), Q(facts__stage__in=stages), ("stage",))


@reader
def score(query: QueryDict) -> Condition | None:
    """A cell of the heat map, or several: `model=statistical&r=1,2&f=4,5`."""
    wanted = {measure: _numbers(query, measure) for measure in "rfm"}
    given = {measure: numbers for measure, numbers in wanted.items() if numbers}
    model = ScoringModel.objects.filter(slug=query.get("model", "statistical")).first() if given else None
    if model is None:
        return None
    cell = {f"{measure}__in": numbers for measure, numbers in given.items()}
    words = ", ".join(f"{measure.upper()} {_any_of(map(str, numbers))}" for measure, numbers in given.items())
    found = Exists(Score.objects.filter(customer=OuterRef("pk"), model=model, **cell))
    return Condition(_("have in %(model)s") % {"model": model.name}, words, Q(found), ("model", "r", "f", "m"))


@reader
def segment(query: QueryDict) -> Condition | None:
    try:
        chosen = Segment.objects.filter(public_id=UUID(query.get("segment", ""))).first()
    except ValueError:
        return None
    if chosen is None:
        return None
    belongs = Exists(Membership.objects.filter(customer=OuterRef("pk"), segment=chosen))
    return Condition(_("belong to"), chosen.name, Q(belongs), ("segment",))


@reader
def consent(query: QueryDict) -> Condition | None:
    channel = query.get("consent", "")
    if channel not in Channel.values:
        return None
    agreed = Consent.objects.filter(customer=OuterRef("pk"), channel=channel, state=ConsentState.GRANTED, current=True)
    return Condition(_("agreed to"), str(Channel(channel).label), Q(Exists(agreed)), ("consent",))


@reader
def spent_over(query: QueryDict) -> Condition | None:
    try:
        amount = Decimal(query.get("spent_over", ""))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not -20 < amount.adjusted() < 14:
        return None
    return Condition(_("spent over"), regulars.money(amount), Q(facts__revenue__gt=amount), ("spent_over",))


@reader
def city(query: QueryDict) -> Condition | None:
    name = _text(query, "city")
    return Condition(_("live in"), name, Q(city__iexact=name), ("city",)) if name else None


@reader
def tag(query: QueryDict) -> Condition | None:
    name = _text(query, "tag")
    return Condition(_("have the tag"), name, Q(tags__contains=[name]), ("tag",)) if name else None


@reader
def owner(query: QueryDict) -> Condition | None:
    numbers = _numbers(query, "owner")
    user = User.objects.filter(pk=numbers[0]).first() if numbers else None
    return Condition(_("belong to the rep"), str(user), Q(owner=user), ("owner",)) if user else None


@reader
def source(query: QueryDict) -> Condition | None:
    name = _text(query, "source")
    return Condition(_("came from"), name, Q(source=name), ("source",)) if name else None


@reader
def since(query: QueryDict) -> Condition | None:
    """`since=month` is this month, whenever it is read; else a day."""
    given, zone = query.get("since", ""), regulars.shop().zone
    try:
        first = timezone.localdate(timezone=zone).replace(day=1) if given == "month" else date.fromisoformat(given)
    except ValueError:
        return None
    words = _("this month") if given == "month" else regulars.day(first)
    begins = datetime.combine(first, time.min, zone)
    return Condition(_("have been customers since"), words, Q(registered_at__gte=begins), ("since",))


def _text(query: QueryDict, key: str) -> str:
    """As typed, without what Postgres cannot hold."""
    return query.get(key, "").replace("\0", "").strip()


def _numbers(query: QueryDict, key: str) -> list[int]:
    """`1,2` as numbers; what is none is left out."""
    return [int(part) for part in query.get(key, "").split(",") if part.isascii() and part.isdigit() and len(part) < 10]


def _any_of(words: Iterable[str]) -> str:
    return _(" or ").join(words)
