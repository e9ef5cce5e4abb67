"""A campaign while it goes out: where everyone is, how fast it goes, and stopping it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from campaigns import results
from campaigns.models import Campaign, CampaignState, Delivery, DeliveryState
from campaigns.progress import Progress, pace
from campaigns.sending import control
from campaigns.sending.accounts import accounts
from campaigns.sending.verdict import sentence
from crm.roles import may
from crm.templatetags.regulars import count

ERRORS = 8


@may("see_campaigns")
def progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The page asks for its middle again every two seconds while something goes on."""
    campaign = get_launched(public_id)
    now = timezone.now()
    found = accounts(campaign)
    context = {
        "campaign": campaign,
        "accounts": found,
        "progress": Progress(found),
        "pace": pace(campaign, found.open, now),
        "errors": [(row, sentence(row.reason)) for row in last_errors(campaign)],
        "outcome": results.of(campaign),
        "is_open": campaign.state in (CampaignState.SENDING, CampaignState.PAUSED),
        "now": now,
    }
    return render(
        request,
        "campaigns/sending.html#progress" if "HX-Request" in request.headers else "campaigns/sending.html",
        context,
    )


def last_errors(campaign: Campaign) -> QuerySet[Delivery]:
    bad = Delivery.objects.filter(campaign=campaign, state__in=[DeliveryState.FAILED, DeliveryState.IN_DOUBT])
    return bad.select_related("customer").order_by("-pk")[:ERRORS]


def get_launched(public_id: UUID) -> Campaign:
    return get_object_or_404(
        Campaign.objects.select_related("segment", "launched_by").exclude(launched_at=None), public_id=public_id
    )


@may("change_campaigns")
@require_POST
def pause(request: HttpRequest, public_id: UUID) -> HttpResponse:
    control.pause(get_launched(public_id))
    return redirect("campaigns:sending", public_id)


@may("change_campaigns")
@require_POST
def resume(request: HttpRequest, public_id: UUID) -> HttpResponse:
    try:
        control.resume(get_launched(public_id))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("campaigns:sending", public_id)


@may("change_campaigns")
@require_POST
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    control.cancel(get_launched(public_id))
    return redirect("campaigns:sending", public_id)


@may("change_campaigns")
@require_POST
def resend(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send again to those in doubt: the choice of who runs the campaign, since some may get it twice."""
    number = control.resend_in_doubt(get_launched(public_id))
    text = ngettext("%(number)s mail is sent again.", "%(number)s mails are sent again.", number)
    messages.success(request, text % {"number": count(number)})
    return redirect("campaigns:sending", public_id)
