"""Adjust: what a campaign has brought, beside those who were held out of it (docs/domain.md 5).

Orders are read through crm's activity of purchases, so that campaigns know nothing of orders' tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from campaigns.models import Campaign, CampaignState, Result
from campaigns.results.statistics import Group, Lift, lift_in_buyers, lift_in_revenue
from crm import scoring, sql

# How old a count may be while answers come in, and how long after the window returns still lower it.
FRESH = timedelta(minutes=1)
SETTLED = timedelta(days=45)
LARGE = 20_000


def refresh(campaigns: Sequence[int]) -> None:
    """Count these campaigns (ids) anew."""
    with connection.cursor() as cursor:
        sql.run(cursor, "results/count", view=purchases(), campaigns=list(campaigns), now=timezone.now())


def refresh_due(now: datetime | None = None) -> int:
    """Count what may have changed: each minute within the window, each day for those whose orders may come back."""
    now = now or timezone.now()
    launched = Campaign.objects.exclude(launched_at=None).select_related("result")
    due = [campaign for campaign in launched if is_due(campaign, now)]
    for campaign in due:
        refresh([campaign.pk])
    return len(due)


def is_due(campaign: Campaign, now: datetime) -> bool:
    result = getattr(campaign, "result", None)
    if result is None:
        return True
    last, end = result.counted_at, ends_at(campaign)
    return last < min(now, end + FRESH) - FRESH or last < min(now, end + SETTLED) - timedelta(days=1)


def of(campaign: Campaign) -> Outcome | None:
    """What a launched campaign has brought, counted now if the last count is older than a few seconds."""
    if campaign.launched_at is None:
        return None
    result = Result.objects.filter(campaign=campaign).first()
    now = timezone.now()
    age = now - result.counted_at if result else SETTLED
    open_or_new = campaign.state != CampaignState.FINISHED or now < ends_at(campaign) + FRESH
    # Counting a large one takes a second or two: there the minute of beat will do.
    soon = FRESH * 2 if result and result.audience > LARGE else timedelta(seconds=5)
    if age > (soon if open_or_new else timedelta(hours=1)):
        refresh([campaign.pk])
        result = Result.objects.filter(campaign=campaign).first()
    return Outcome(campaign, result) if result else None


@dataclass(frozen=True)
class Outcome:
    """The counted result of a campaign, and what follows from it."""

    campaign: Campaign
    result: Result

    @property
    def ends_at(self) -> datetime:
        return ends_at(self.campaign)

    @property
    def is_over(self) -> bool:
        """Whether the window has ended: before that, lift is a first sign."""
        return timezone.now() >= self.ends_at

    @property
    def reached(self) -> Group:
        r = self.result
        return Group(r.reached, r.buyers, float(r.revenue), float(r.revenue_squares))

    @property
    def held_out(self) -> Group:
        r = self.result
        return Group(r.held_out, r.held_out_buyers, float(r.held_out_revenue), float(r.held_out_revenue_squares))

    @property
    def lift(self) -> Lift | None:
        return lift_in_buyers(self.reached, self.held_out)

    @property
    def lift_points(self) -> Lift | None:
        return self.lift.times(100) if self.lift else None

    @property
    def more_buyers(self) -> float | None:
        return self.lift.value * self.result.reached if self.lift else None

    @property
    def revenue_lift(self) -> Lift | None:
        """By customer."""
        return lift_in_revenue(self.reached, self.held_out)

    @property
    def earned(self) -> Lift | None:
        """What all who were reached bought more than they would have without: the lift by customer, times their number."""
        return self.revenue_lift.times(self.result.reached) if self.revenue_lift else None


def ends_at(campaign: Campaign) -> datetime:
    """The end of the window in which orders count: from the launch, the same for both groups."""
    if campaign.launched_at is None:
        raise ValueError("A campaign that is not launched has no window.")
    return campaign.launched_at + timedelta(days=campaign.window_days)


@dataclass(frozen=True)
class Day:
    """Who placed their first counted order on this day of the window, and how many have by its end."""

    number: int
    at: datetime
    reached: int
    held_out: int
    reached_so_far: int
    held_out_so_far: int


def days(campaign: Campaign) -> list[Day]:
    """A row a day of the window, up to today."""
    launched_at = campaign.launched_at
    if launched_at is None:
        return []
    end = ends_at(campaign)
    with connection.cursor() as cursor:
        sql.run(cursor, "results/days", view=purchases(), campaign=campaign.pk, launched_at=launched_at, ends_at=end)
        found = {day: (reached, held) for day, reached, held in cursor.fetchall()}
    rows: list[Day] = []
    for number in range(min(campaign.window_days, (timezone.now() - launched_at).days + 1)):
        reached, held = found.get(number, (0, 0))
        before = (rows[-1].reached_so_far, rows[-1].held_out_so_far) if rows else (0, 0)
        at = launched_at + timedelta(days=number)
        rows.append(Day(number, at, reached, held, before[0] + reached, before[1] + held))
    return rows


def bought(campaign: Campaign, customers: Sequence[int]) -> dict[int, Decimal]:
    """By customer id: for how much each of these bought within the campaign's window; who bought nothing is missing."""
    with connection.cursor() as cursor:
        sql.run(
            cursor,
            "results/buyers",
            view=purchases(),
            customers=list(customers),
            launched_at=campaign.launched_at,
            ends_at=ends_at(campaign),
        )
        return dict(cursor.fetchall())


def purchases() -> str:
    return scoring.activities["purchases"].view


@dataclass(frozen=True)
class Year:
    """What the campaigns of a span of time have brought together. `earned` sums those that are over and proven."""

    outcomes: list[Outcome]
    sent: int
    answered: int
    unsubscribed: int

    @property
    def over(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.is_over]

    @property
    def proven(self) -> list[Outcome]:
        return [outcome for outcome in self.over if outcome.lift and outcome.lift.proven]

    @property
    def earned(self) -> float:
        return sum(outcome.earned.value for outcome in self.proven if outcome.earned)

    @property
    def earned_low(self) -> float:
        return sum(outcome.earned.low for outcome in self.proven if outcome.earned)

    @property
    def earned_high(self) -> float:
        return sum(outcome.earned.high for outcome in self.proven if outcome.earned)


def since(start: datetime) -> Year:
    """Of the campaigns launched at or after `start`, by their last count. One query."""
    counted = Result.objects.filter(campaign__launched_at__gte=start).select_related("campaign")
    outcomes = [Outcome(result.campaign, result) for result in counted.order_by("-campaign__launched_at")]
    return Year(
        outcomes,
        sent=sum(outcome.result.sent for outcome in outcomes),
        answered=sum(outcome.result.clicked for outcome in outcomes),
        unsubscribed=sum(outcome.result.unsubscribed for outcome in outcomes),
    )
