"""Drafts: made, given an audience, copied from an earlier campaign, deleted."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.forms import AudienceForm, NewCampaignForm
from campaigns.messages.starters import starter
from campaigns.models import Campaign, CampaignState
from crm.models import Segment
from crm.roles import may, staff
from crm.templatetags import regulars


def get_draft(public_id: UUID) -> Campaign:
    """Only a draft may be changed: another campaign is not found."""
    return get_object_or_404(Campaign.objects.select_related("segment"), public_id=public_id, state=CampaignState.DRAFT)


@may("change_campaigns")
def new(request: HttpRequest) -> HttpResponse:
    """`?segment=` (public id) comes from the segment's page."""
    shop = regulars.shop()
    campaign = Campaign(holdout_share=shop.holdout_share, window_days=shop.result_window_days)
    asked = as_uuid(request.GET.get("segment"))
    chosen = Segment.objects.filter(public_id=asked).first() if asked else None
    form = NewCampaignForm(
        request.POST or None, instance=campaign, initial={"segment": chosen, "language": shop.language}
    )
    if form.is_valid():
        campaign = form.save(commit=False)
        campaign.subject, campaign.mjml = starter(form.cleaned_data["language"])
        campaign.created_by = staff(request)
        campaign.save()
        return redirect("campaigns:message", campaign.public_id)
    context = {"form": form, "no_segments": not Segment.objects.exists()}
    return render(request, "campaigns/new.html", context, status=422 if form.errors else 200)


@may("change_campaigns")
def audience(request: HttpRequest, public_id: UUID) -> HttpResponse:
    campaign = get_draft(public_id)
    form = AudienceForm(request.POST or None, instance=campaign)
    if form.is_valid():
        form.save()
        messages.success(request, _("The audience is saved."))
        return redirect("campaigns:check", public_id)
    return render(
        request, "campaigns/audience.html", {"campaign": campaign, "form": form}, status=422 if form.errors else 200
    )


@may("change_campaigns")
@require_POST
def copy(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A new draft with the same audience and message."""
    earlier = get_object_or_404(Campaign, public_id=public_id)
    draft = Campaign.objects.create(
        name=_("%(name)s, again") % {"name": earlier.name[:100]},
        segment=earlier.segment,
        subject=earlier.subject,
        mjml=earlier.mjml,
        holdout_share=earlier.holdout_share,
        window_days=earlier.window_days,
        created_by=staff(request),
    )
    draft.refresh_from_db()
    messages.success(request, _("This is a copy of “%(name)s”.") % {"name": earlier.name})
    return redirect("campaigns:message", draft.public_id)


@may("change_campaigns")
@require_POST
def delete(request: HttpRequest, public_id: UUID) -> HttpResponse:
    draft = get_draft(public_id)
    draft.delete()
    messages.success(request, _("The draft “%(name)s” is deleted.") % {"name": draft.name})
    return redirect("campaigns:campaigns")


def as_uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
