"""The accounts of a campaign: where each of its frozen audience is (docs/domain.md 5)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from campaigns.models import Campaign, DeliveryState


@dataclass(frozen=True)
class Accounts:
    """audience = held out + sent + failed + skipped + in doubt + cancelled, and + open while it runs."""

    by_state: Counter[str]
    failed_by_reason: dict[str, int]
    skipped_by_reason: dict[str, int]
    left_out_by_reason: dict[str, int]

    @property
    def audience(self) -> int:
        """Everyone of the frozen list, held out or written to; who was left out is no part of it."""
        return sum(self.by_state.values()) - self.left_out

    @property
    def open(self) -> int:
        return self.by_state[DeliveryState.QUEUED] + self.by_state[DeliveryState.SENDING]

    @property
    def left_out(self) -> int:
        return self.by_state[DeliveryState.LEFT_OUT]

    @property
    def held_out(self) -> int:
        return self.by_state[DeliveryState.HELD_OUT]

    @property
    def sent(self) -> int:
        return self.by_state[DeliveryState.SENT]

    @property
    def failed(self) -> int:
        return self.by_state[DeliveryState.FAILED]

    @property
    def skipped(self) -> int:
        return self.by_state[DeliveryState.SKIPPED]

    @property
    def in_doubt(self) -> int:
        return self.by_state[DeliveryState.IN_DOUBT]

    @property
    def cancelled(self) -> int:
        return self.by_state[DeliveryState.CANCELLED]


def accounts(campaign: Campaign) -> Accounts:
    """Counted from the deliveries, in one query, most frequent reasons first."""
    rows = campaign.deliveries.values_list("state", "reason").annotate(n=Count("pk")).order_by("-n", "reason")
    states: Counter[str] = Counter()
    reasons: dict[str, dict[str, int]] = {
        DeliveryState.FAILED: {},
        DeliveryState.SKIPPED: {},
        DeliveryState.LEFT_OUT: {},
    }
    for state, reason, number in rows:
        states[state] += number
        if state in reasons:
            reasons[state][reason] = number
    return Accounts(states, *reasons.values())
