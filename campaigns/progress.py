"""How far a campaign is: its accounts as a picture and in words, its speed, and whether it stands still."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from campaigns.models import Campaign, CampaignState, Delivery, DeliveryState
from campaigns.sending.accounts import Accounts
from campaigns.sending.control import ALARM_AFTER, OPEN
from campaigns.sending.verdict import sentence


@dataclass(frozen=True)
class Reason:
    """Why some customers were left out, skipped or failed; `text` completes “because …”."""

    name: str
    text: str
    customers: int


def reasons(by_reason: dict[str, int]) -> list[Reason]:
    return [Reason(name, sentence(name), number) for name, number in by_reason.items()]


@dataclass(frozen=True)
class Part:
    """A stretch of the bar of accounts, in per cent."""

    name: str
    x: float
    width: float


@dataclass(frozen=True)
class Progress:
    """Everyone but the hold-out is to be handled: `handled` of `to_handle` are."""

    accounts: Accounts

    @property
    def to_handle(self) -> int:
        return self.accounts.audience - self.accounts.held_out

    @property
    def handled(self) -> int:
        return self.to_handle - self.accounts.open

    @property
    def share(self) -> float:
        return self.handled / self.to_handle if self.to_handle else 1.0

    @property
    def failed(self) -> list[Reason]:
        return reasons(self.accounts.failed_by_reason)

    @property
    def skipped(self) -> list[Reason]:
        return reasons(self.accounts.skipped_by_reason)

    @property
    def left_out(self) -> list[Reason]:
        return reasons(self.accounts.left_out_by_reason)

    @property
    def bar(self) -> list[Part]:
        numbers = {
            "sent": self.accounts.sent,
            "failed": self.accounts.failed,
            "doubt": self.accounts.in_doubt,
            "skipped": self.accounts.skipped + self.accounts.cancelled,
            "held": self.accounts.held_out,
            "waiting": self.accounts.open,
        }
        parts, x = [], 0.0
        for name, number in numbers.items():
            width = 100 * number / (self.accounts.audience or 1)
            if number:
                parts.append(Part(name, x, width))
            x += width
        return parts


def shares(campaigns: Iterable[int]) -> dict[int, float]:
    """By campaign id, which share of those to be written to is handled. One query, none for no campaign."""
    ids = list(campaigns)
    if not ids:
        return {}
    rows = Delivery.objects.filter(campaign__in=ids).exclude(state__in=[DeliveryState.LEFT_OUT, DeliveryState.HELD_OUT])
    counted = rows.values_list("campaign").annotate(all=Count("pk"), open=Count("pk", filter=Q(state__in=OPEN)))
    return {pk: (all_rows - waiting) / all_rows for pk, all_rows, waiting in counted}


@dataclass(frozen=True)
class Pace:
    """How fast a campaign goes out. a_minute: by the mails of the last minute, or since the launch if that is later."""

    a_minute: int
    last_at: datetime | None
    last_to: Delivery | None
    ends_at: datetime | None
    is_stuck: bool


def pace(campaign: Campaign, waiting: int, now: datetime) -> Pace:
    """Speed, expected end, and whether nothing has moved for two minutes. Two queries."""
    sent = Delivery.objects.filter(campaign=campaign, state=DeliveryState.SENT)
    since = max(now - timedelta(minutes=1), campaign.launched_at or now)
    seconds = max((now - since).total_seconds(), 1.0)
    figures = sent.aggregate(recent=Count("pk", filter=Q(sent_at__gt=since)), last=Max("sent_at"))
    a_minute = round(figures["recent"] / seconds * 60)
    last = figures["last"]
    going = campaign.state == CampaignState.SENDING and waiting > 0
    moved_at = campaign.progress_at or campaign.launched_at
    return Pace(
        a_minute=a_minute,
        last_at=last,
        last_to=sent.filter(sent_at=last).select_related("customer").first() if last else None,
        ends_at=now + timedelta(minutes=waiting / a_minute) if going and a_minute else None,
        is_stuck=going and moved_at is not None and now - moved_at > ALARM_AFTER,
    )
