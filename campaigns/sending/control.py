"""Stopping, going on, and seeing to it that a campaign comes to its end."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Campaign, CampaignState, Delivery, DeliveryState
from campaigns.sending.launch import call_workers
from crm.models import Shop

OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING)
ALARM_AFTER = timedelta(minutes=2)

log = structlog.get_logger("regulars.sending")


def pause(campaign: Campaign) -> None:
    """Workers stop at the next batch; what they have claimed still goes out."""
    Campaign.objects.filter(pk=campaign.pk, state=CampaignState.SENDING).update(state=CampaignState.PAUSED)


def resume(campaign: Campaign) -> None:
    """Raises ValidationError, with a sentence, while sending is held."""
    if Shop.current().sending_held:
        raise ValidationError(_("Sending is held for the whole shop. Release it in the settings, then resume."))
    now = timezone.now()
    resumed = Campaign.objects.filter(pk=campaign.pk, state=CampaignState.PAUSED)
    if resumed.update(state=CampaignState.SENDING, trouble="", progress_at=now):
        transaction.on_commit(lambda: call_workers(campaign.pk))


@transaction.atomic
def cancel(campaign: Campaign) -> None:
    """Nothing more is claimed, and what waited is cancelled. What is under way comes to its end."""
    states = [CampaignState.SENDING, CampaignState.PAUSED]
    if Campaign.objects.filter(pk=campaign.pk, state__in=states).update(
        state=CampaignState.CANCELLED, finished_at=timezone.now()
    ):
        waiting = Delivery.objects.filter(campaign=campaign, state=DeliveryState.QUEUED)
        waiting.update(state=DeliveryState.CANCELLED, lease=None)


@transaction.atomic
def resend_in_doubt(campaign: Campaign) -> int:
    """Put what is in doubt into the queue again: some may get the mail twice. Returns how many.

    None of a campaign that was cancelled: nobody would take them out of the queue.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.state == CampaignState.CANCELLED:
        return 0
    doubtful = Delivery.objects.filter(campaign=campaign, state=DeliveryState.IN_DOUBT)
    number = doubtful.update(
        state=DeliveryState.QUEUED, reason="", detail="", worker="", lease=None, attempts=0, stopped=False
    )
    if number:
        finished = Campaign.objects.filter(pk=campaign.pk, state=CampaignState.FINISHED)
        finished.update(state=CampaignState.SENDING, finished_at=None, progress_at=timezone.now())
        transaction.on_commit(lambda: call_workers(campaign.pk))
    return number


def stop(campaign_id: int, trouble: str) -> None:
    """Pause for a reason that a person must see to."""
    log.error("campaign paused", campaign=campaign_id, trouble=trouble)
    sentence = _("The mail server refuses this campaign: %(answer)s") % {"answer": trouble}
    sending = Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING)
    sending.update(state=CampaignState.PAUSED, trouble=sentence[:300])


def note_trouble(campaign_id: int, trouble: str) -> None:
    """Show why nothing goes out at the moment; the next mail that does takes it away."""
    log.error("campaign held up", campaign=campaign_id, trouble=trouble)
    Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING).update(trouble=trouble[:300])


def finish(campaign_id: int) -> None:
    """Finished is a campaign only when no delivery is open."""
    still = Delivery.objects.filter(campaign=OuterRef("pk"), state__in=OPEN)
    done = Campaign.objects.filter(~Exists(still), pk=campaign_id, state=CampaignState.SENDING)
    done.update(state=CampaignState.FINISHED, finished_at=timezone.now())


def look_after_campaigns() -> None:
    """Beat's duty: what dead workers held is in doubt, what waits gets a worker, what has ended is finished."""
    lost = Delivery.objects.filter(state=DeliveryState.SENDING, lease__lt=Now())
    if number := lost.update(state=DeliveryState.IN_DOUBT, reason="worker_lost", lease=None):
        log.error("deliveries in doubt: their worker was lost", deliveries=number)
    for campaign in Campaign.objects.filter(state=CampaignState.SENDING):
        waiting = Delivery.objects.filter(campaign=campaign, state=DeliveryState.QUEUED)
        if waiting.filter(Q(lease=None) | Q(lease__lte=Now())).exists():
            call_workers(campaign.pk)
            _alarm(campaign)
        else:
            finish(campaign.pk)


def _alarm(campaign: Campaign) -> None:
    """No progress for 2 minutes, with mails waiting."""
    if campaign.progress_at and timezone.now() - campaign.progress_at > ALARM_AFTER:
        log.error("campaign makes no progress", campaign=campaign.pk, since=campaign.progress_at.isoformat())
        if not campaign.trouble:
            note_trouble(campaign.pk, _("Nothing has gone out for 2 minutes. Is a worker running?"))
