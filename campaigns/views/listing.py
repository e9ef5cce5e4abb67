"""The list of campaigns, and the way from a campaign to the page of its state."""

from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns import progress, results
from campaigns.models import Campaign, CampaignState
from campaigns.results import Outcome
from campaigns.results.pictures import LiftPicture, lift_pictures
from crm import keyset
from crm.models.customer import Fold
from crm.roles import may

SIZE = 25
RUNNING = Q(state__in=[CampaignState.SENDING, CampaignState.PAUSED])
VIEWS: dict[str, tuple[str | Promise, Q]] = {
    "": (_("All"), Q()),
    "running": (_("Running"), RUNNING),
    "drafts": (_("Drafts"), Q(state=CampaignState.DRAFT)),
    "finished": (_("Finished"), Q(state=CampaignState.FINISHED)),
    "stopped": (_("Stopped"), Q(state=CampaignState.CANCELLED)),
}


@dataclass(frozen=True)
class View:
    label: str | Promise
    url: str
    count: int
    current: bool


@dataclass(frozen=True)
class Row:
    campaign: Campaign
    outcome: Outcome | None
    share: float | None  # of what has gone out, while it runs
    picture: LiftPicture | None


@may("see_campaigns")
def campaigns(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("view", "")
    chosen = chosen if chosen in VIEWS else ""
    text = request.GET.get("q", "").strip()
    found = search(text)
    counts = found.aggregate(**{f"n_{name}": Count("pk", filter=condition) for name, (_l, condition) in VIEWS.items()})
    rows = found.filter(VIEWS[chosen][1]).select_related("segment", "result", "created_by")
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = keyset.page(
        rows.exclude(RUNNING) if chosen == "" else rows,
        keyset.Sort("created_at", descending=True),
        size=SIZE,
        after=after,
        before=before,
    )
    shown = cast("list[Campaign]", list(page.rows))
    if chosen == "" and page.before is None:
        shown = [*rows.filter(RUNNING).order_by("-created_at", "-pk"), *shown]
    context = {
        "rows": table_rows(shown),
        "year": results.since(timezone.now() - timedelta(days=365)) if not text and page.before is None else None,
        "page": page,
        "views": [
            View(label, f"?view={name}" if name else "?", counts[f"n_{name}"], name == chosen)
            for name, (label, _condition) in VIEWS.items()
        ],
        "total": counts[f"n_{chosen}"],
        "text": text,
        "chosen": chosen,
    }
    return render(request, "campaigns/campaigns.html", context)


def search(text: str) -> QuerySet[Campaign]:
    if not text:
        return Campaign.objects.all()
    return Campaign.objects.annotate(folded=Fold("name")).filter(folded__contains=Fold(Value(text)))


def table_rows(campaigns: list[Campaign]) -> list[Row]:
    outcomes = {
        each.pk: Outcome(each, each.result) for each in campaigns if each.launched_at and hasattr(each, "result")
    }
    pictures = lift_pictures(outcomes)
    going = progress.shares(
        each.pk for each in campaigns if each.state in (CampaignState.SENDING, CampaignState.PAUSED)
    )
    return [Row(each, outcomes.get(each.pk), going.get(each.pk), pictures.get(each.pk)) for each in campaigns]


@may("see_campaigns")
def campaign(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """To the page that the campaign's state asks for."""
    found = get_object_or_404(Campaign, public_id=public_id)
    if found.state == CampaignState.DRAFT:
        page = "message" if request.user.has_perm("crm.change_campaigns") else "check"
    else:
        page = "sending" if found.state in (CampaignState.SENDING, CampaignState.PAUSED) else "result"
    return redirect(f"campaigns:{page}", public_id)
