"""The shop overview: the first screen of managers and administrators."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import home
from crm.models import Stage
from crm.roles import may
from crm.templatetags import regulars


@may("see_reports")
def shop_overview(request: HttpRequest) -> HttpResponse:
    overview = home.overview(timezone.now())
    shown = [card for card in home.cards.values() if request.user.has_perm(f"crm.{card.permission}")]
    cards = [(card, card.context(request)) for card in sorted(shown, key=lambda card: card.order)]
    return render(
        request,
        "crm/home.html",
        {"overview": overview, "stats": stats(overview), "stages": stages(overview), "cards": cards},
    )


@dataclass(frozen=True)
class Stat:
    """A figure of this month so far, beside as many days of the month before."""

    label: str
    value: str
    before: str
    change: float | None  # per cent
    spark: list[float]
    spark_label: str


def stats(overview: home.Overview) -> list[Stat]:
    return [
        stat(overview, _("Revenue this month"), "revenue", regulars.short_money, _("Revenue, the last 12 months")),
        stat(overview, _("Orders this month"), "orders", regulars.count, _("Orders, the last 12 months")),
        stat(
            overview, _("New customers this month"), "customers", regulars.count, _("New customers, the last 12 months")
        ),
    ]


def stat(overview: home.Overview, label: str, field: str, written: Callable[..., str], spark_label: str) -> Stat:
    now, before = getattr(overview.now, field), getattr(overview.before, f"{field}_by_now")
    change = float(now - before) / float(before) * 100 if before > 0 else None
    spark = [float(getattr(month, field)) for month in overview.months[:-1]]
    return Stat(label, written(now), written(before), change, spark, spark_label)


def stages(overview: home.Overview) -> list[dict[str, object]]:
    """The lifecycle, a row a stage, with the share of the fullest for its bar."""
    fullest = max(overview.stages.values()) or 1
    return [
        {"stage": stage, "customers": overview.stages[stage], "width": overview.stages[stage] / fullest * 100}
        for stage in Stage
    ]
