"""What the pages of segments show: who is in right now, who can be reached, who came and went, who uses it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from uuid import uuid4

from django.db import OperationalError, connection, transaction
from django.db.models import Count, ForeignObjectRel, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, TruncDay
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from crm.channels import Channel
from crm.models import Customer, MembershipChange, Segment
from crm.models.customer import CustomerQuerySet
from crm.segments import compile
from crm.segments.builder import Row, each, find, order
from crm.segments.conditions import Scope
from crm.segments.rules import Node, RulesError, mentioned, parse

MOST_ALONE = 30
PREVIEW_MILLISECONDS = 3000
ALONE_MILLISECONDS = 1500
SAMPLE = 5
REACH = [Channel.EMAIL, Channel.MESSENGER, Channel.PHONE]


class TooHeavy(Exception):
    """The count takes longer than a page may wait; the message says so."""


@dataclass(frozen=True)
class RightNow:
    """How many meet the rules, of how many, how many of them can be reached by which channel, and a few of them."""

    customers: int
    of: int
    reach: list[tuple[str, int]]
    sample: list[Customer]
    seconds: float

    @property
    def share(self) -> float:
        return self.customers / self.of if self.of else 0.0


def right_now(node: Node) -> RightNow:
    """Raises TooHeavy after three seconds."""
    begin, now = perf_counter(), timezone.now()
    with within(PREVIEW_MILLISECONDS):
        found = compile.members(node, Scope(now))
        customers = found.count()
        reach = [(str(channel.label), found.contactable(channel, now).count()) for channel in REACH]
        of = Customer.objects.identified().count()
        return RightNow(customers, of, reach, sample(found), perf_counter() - begin)


@contextmanager
def within(milliseconds: int) -> Iterator[None]:
    """A limit for each question to the database; what takes longer is given up with TooHeavy."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = %s", [milliseconds])
            yield
            cursor.execute("set local statement_timeout = 0")
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise TooHeavy(_("Too heavy to count while you wait. Saving counts it without haste.")) from error


def sample(found: CustomerQuerySet) -> list[Customer]:
    """A few of them, others each time: those after a random public id, from the beginning where these are too few."""
    shown = found.select_related("facts").prefetch_related("score_set__model", "references").order_by("public_id")
    few = list(shown.filter(public_id__gt=uuid4())[:SAMPLE])
    return few if len(few) == SAMPLE else list(shown[:SAMPLE])


def count_alone(row: Row, draft: Mapping[str, object]) -> None:
    """Write on each row how many customers meet it alone: all in one question, or none where that is too heavy."""
    asked: dict[str, Count] = {}
    scope = Scope(timezone.now())
    for place in each(row):
        try:
            node = parse(find(dict(draft), order(place.path)), place.path)
        except RulesError:
            continue
        if place.path:
            asked[place.path] = Count("pk", filter=compile.as_q(node, scope))
    if not asked or len(asked) > MOST_ALONE:
        return
    try:
        with within(ALONE_MILLISECONDS):
            names = {path: f"row_{number}" for number, path in enumerate(asked)}
            counts = Customer.objects.identified().aggregate(**{names[path]: count for path, count in asked.items()})
    except TooHeavy:
        return
    for place in each(row):
        if place.path in names:
            place.passes = counts[names[place.path]]


@dataclass(frozen=True)
class Movement:
    entered: int
    left: int


def movements(days: int, segments: Iterable[Segment]) -> dict[int, Movement]:
    """Who entered and left each segment in the last days. One query."""
    found = MembershipChange.objects.filter(segment__in=segments, at__gte=timezone.now() - timedelta(days=days))
    rows = found.values("segment").annotate(
        came=Count("pk", filter=Q(entered=True)), went=Count("pk", filter=Q(entered=False))
    )
    return {row["segment"]: Movement(row["came"], row["went"]) for row in rows}


def sizes(segment: Segment, weeks: int = 12) -> list[tuple[datetime, int]]:
    """How many belonged at the end of each of the last weeks, counted back from now by who came and went."""
    now, size = timezone.now(), segment.size
    since = now - timedelta(weeks=weeks)
    net: Counter[int] = Counter()
    days = MembershipChange.objects.filter(segment=segment, at__gte=since).values(day=TruncDay("at"))
    for row in days.annotate(came=Count("pk", filter=Q(entered=True)), all=Count("pk")):
        net[(now - row["day"]).days // 7] += 2 * row["came"] - row["all"]
    found = [(now, size)]
    for number in range(weeks):
        size -= net[number]
        found.append((now - timedelta(weeks=number + 1), size))
    begun = segment.created_at
    return [(at, number) for at, number in reversed(found) if at >= begun - timedelta(weeks=1)]


@dataclass(frozen=True)
class Use:
    """Something that asks for a segment; it cannot be deleted while it does."""

    name: str
    kind: str
    url: str
    state: str = ""


def uses(segment: Segment) -> list[Use]:
    """What refers to the segment: rows of other apps by their foreign keys, and other segments by their rules."""
    found = [
        Use(str(row), _(str(row._meta.verbose_name).capitalize()), _url(row), _state(row))
        for relation in _relations()
        for row in relation.related_model._default_manager.filter(**{relation.field.name: segment})[:20]
    ]
    others = [
        other for other in Segment.objects.exclude(pk=segment.pk) if str(segment.public_id) in mentioned(other.rules)
    ]
    return found + [Use(other.name, _("segment"), other.get_absolute_url()) for other in others]


def _url(row: Model) -> str:
    get_url = getattr(row, "get_absolute_url", None)
    return str(get_url()) if get_url else ""


def _state(row: Model) -> str:
    get_state = getattr(row, "get_state_display", None)
    return str(get_state()) if get_state else ""


def with_uses(segments: QuerySet[Segment]) -> QuerySet[Segment]:
    """Adds `uses`: how many rows of other apps refer to it."""
    total: Combinable = Value(0)
    for relation in _relations():
        rows = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
        number = rows.order_by().values(relation.field.name).annotate(n=Count("pk")).values("n")
        total = total + Coalesce(Subquery(number), 0)
    return segments.annotate(uses=total)


def _relations() -> list[ForeignObjectRel]:
    """Foreign keys of other apps to segments."""
    return [r for r in Segment._meta.related_objects if r.related_model._meta.app_label != "crm"]
