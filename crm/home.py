"""The shop overview: what came in, who the customers are, and the cards that other apps add."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.core.cache import cache
from django.db import connection
from django.db.models import Count
from django.http import HttpRequest

from crm import scoring, sql
from crm.models import Facts, Stage
from crm.templatetags import regulars

MONTHS = 13  # this one and the twelve before it
KEPT_SECONDS = 60
Context = Callable[[HttpRequest], dict[str, object]]


@dataclass(frozen=True)
class Card:
    """A panel of the overview: rendered with what `context` gives, for those who have `permission`."""

    name: str
    template: str
    permission: str
    context: Context
    place: Literal["main", "side"] = "main"
    order: int = 100


cards: dict[str, Card] = {}


def card(
    name: str, *, template: str, permission: str, place: Literal["main", "side"] = "main", order: int = 100
) -> Callable[[Context], Context]:
    """Register the decorated function as the context of a card. One or two queries: the page has twelve in all."""

    def register(context: Context) -> Context:
        cards[name] = Card(name, template, permission, context, place, order)
        return context

    return register


@dataclass(frozen=True)
class Month:
    """A month of the shop. Figures "by now" end as many days into it as this month has run."""

    start: datetime
    revenue: Decimal
    regulars: Decimal  # of customers who had bought before that month
    revenue_by_now: Decimal
    orders: int
    orders_by_now: int
    customers: int  # newly known
    customers_by_now: int

    @property
    def others(self) -> Decimal:
        return self.revenue - self.regulars


@dataclass(frozen=True)
class Overview:
    months: list[Month]  # oldest first, the last one under way
    stages: dict[int, int]  # customers by lifecycle stage

    @property
    def now(self) -> Month:
        return self.months[-1]

    @property
    def before(self) -> Month:
        return self.months[-2]

    @property
    def active(self) -> int:
        return self.stages[Stage.ACTIVE]

    @property
    def active_share(self) -> float | None:
        """Of the customers who ever bought."""
        bought = sum(self.stages[stage] for stage in (Stage.PURCHASED, Stage.INACTIVE, Stage.ACTIVE))
        return self.active / bought if bought else None


def overview(now: datetime) -> Overview:
    """The shop's figures, at most a minute old: they walk over every order of a year."""
    found: Overview | None = cache.get("crm.home")
    if found is None:
        found = Overview(months(now), stages())
        cache.set("crm.home", found, KEPT_SECONDS)
    return found


def months(now: datetime) -> list[Month]:
    """Revenue, orders and new customers of this month and the twelve before, in the shop's time zone."""
    here = now.astimezone(regulars.shop().zone)
    bounds = [_month_start(here, back) for back in range(MONTHS - 1, -1, -1)] + [now]
    with connection.cursor() as cursor:
        rows = sql.run(
            cursor,
            "home_months",
            view=scoring.activities["purchases"].view,
            bounds=bounds,
            start=bounds[0],
            end=now,
            elapsed=now - bounds[-2],
            months=MONTHS,
        ).fetchall()
    return [Month(start, *row) for start, row in zip(bounds, rows, strict=False)]


def stages() -> dict[int, int]:
    counted = Facts.objects.exclude(stage=None).values_list("stage").annotate(customers=Count("*"))
    return dict.fromkeys(Stage.values, 0) | dict(counted)


def _month_start(here: datetime, back: int) -> datetime:
    year, month = divmod(here.year * 12 + here.month - 1 - back, 12)
    return here.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
