"""The check list of a draft, and its launch."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaigns.models import Campaign, CampaignState
from campaigns.plan import checks, plan
from campaigns.views.drafts import get_draft
from crm.roles import may, staff
from crm.templatetags import regulars


@may("see_campaigns")
def check(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Who will get it and what is still to do; nothing is counted for good before the launch."""
    campaign = get_object_or_404(Campaign.objects.select_related("segment", "created_by"), public_id=public_id)
    if campaign.state != CampaignState.DRAFT:
        return redirect(campaign)
    return render(request, "campaigns/check.html", context(campaign))


@may("change_campaigns")
@require_POST
def launch(request: HttpRequest, public_id: UUID) -> HttpResponse:
    campaign = get_draft(public_id)
    found = context(campaign)
    if found["blocked"]:
        return render(request, "campaigns/check.html", found, status=422)
    try:
        campaign.launch(staff(request), timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("campaigns:check", public_id)
    return redirect("campaigns:sending", public_id)


def context(campaign: Campaign) -> dict[str, object]:
    now = timezone.now()
    planned = plan(campaign, now)
    lines = checks(campaign, planned, regulars.shop())
    return {
        "campaign": campaign,
        "plan": planned,
        "checks": lines,
        "warnings": sum(line.tone != "good" for line in lines),
        "blocked": any(line.tone == "risk" for line in lines),
        "now": now,
    }
