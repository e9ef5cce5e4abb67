"""Results as pictures that templates draw: places on a line, bars, paths in a square of 100."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.results import Day, Outcome
from campaigns.results.statistics import Lift, Z


@dataclass(frozen=True)
class LiftPicture:
    """A lift in points, and where its marks stand in a picture 128 wide."""

    lift: Lift
    zero: float
    low: float
    value: float
    high: float


def lift_pictures(outcomes: Mapping[int, Outcome]) -> dict[int, LiftPicture]:
    """By the same keys; one scale for all of them, so that rows of a list compare. Without hold-out there is none."""
    lifts = {key: lift for key, outcome in outcomes.items() if (lift := outcome.lift_points)}
    lowest = min([0.0, *(lift.low for lift in lifts.values())])
    highest = max([0.0, *(lift.high for lift in lifts.values())])

    def x(points: float) -> float:
        return 6 + 116 * (points - lowest) / ((highest - lowest) or 1)

    return {key: LiftPicture(lift, x(0), x(lift.low), x(lift.value), x(lift.high)) for key, lift in lifts.items()}


@dataclass(frozen=True)
class Step:
    """A bar of the funnel; shares are of those to whom it was sent."""

    label: str | Promise
    note: str | Promise
    people: int
    share: float
    machine_share: float = 0.0
    tint: int = 3


def funnel(outcome: Outcome) -> list[Step]:
    result, sent = outcome.result, outcome.result.sent or 1
    return [
        Step(_("Sent"), _("taken by the mail server"), result.sent, result.sent / sent),
        Step(
            _("Opened"),
            _("by people; machines apart"),
            result.opened,
            result.opened / sent,
            result.machine_opened / sent,
        ),
        Step(
            _("Clicked"),
            _("by people; scanners apart"),
            result.clicked,
            result.clicked / sent,
            result.machine_clicked / sent,
        ),
        Step(_("Ordered"), _("within the window, whoever was written to"), result.buyers, result.buyers / sent, tint=7),
    ]


@dataclass(frozen=True)
class Plot:
    """The share who have ordered by day, drawn in a square of 100; `ticks` from the upper edge down."""

    reached: str
    held_out: str
    band: str
    ticks: list[float]


def plot(days: list[Day], outcome: Outcome) -> Plot:
    reached, held = outcome.result.reached or 1, outcome.result.held_out or 1
    points = [(0.0, 0.0, 0.0)]
    for each in days:
        share = each.held_out_so_far / held
        points.append((each.reached_so_far / reached, share, Z * (share * (1 - share) / held) ** 0.5))
    top = max([0.01, *(max(a, b + margin) for a, b, margin in points)])
    width = outcome.campaign.window_days

    def path(values: list[float]) -> list[str]:
        kept = [min(max(value, 0), top) for value in values]
        return [f"{100 * x / width:.2f} {100 - 100 * value / top:.2f}" for x, value in enumerate(kept)]

    upper = path([share + margin for _reached, share, margin in points])
    lower = path([share - margin for _reached, share, margin in points])
    return Plot(
        "M" + " L".join(path([share for share, _held, _margin in points])),
        "M" + " L".join(path([share for _reached, share, _margin in points])),
        "M" + " L".join([*upper, *reversed(lower)]) + " Z",
        [top * quarter / 4 for quarter in (4, 3, 2, 1, 0)],
    )
