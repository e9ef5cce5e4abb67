"""The launch: content and audience of a campaign are fixed, in one transaction, and the workers are called."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from campaigns.messages.render import compile_letter
from campaigns.models import Campaign, CampaignState, Link
from crm import contactability, sql
from crm.channels import Channel, Purpose
from crm.models import Customer, Shop
from crm.segments import refresh

if TYPE_CHECKING:
    from crm.models import User

WORKERS = 2  # at work on one campaign


def launch(campaign: Campaign, by: User | None, at: datetime) -> None:
    """Freeze the audience from the segment's members of this moment, fix the links, and have the workers begin.

    Raises ValidationError, with a sentence, for a campaign that is no draft any more and while sending is held.
    Source: docs/domain.md 5.
    """
    with transaction.atomic():
        shop = Shop.current()
        campaign = Campaign.objects.select_for_update().select_related("segment").get(pk=campaign.pk)
        if campaign.state != CampaignState.DRAFT:
            raise ValidationError(_("This campaign has been launched already."))
        if shop.sending_held:
            raise ValidationError(_("Sending is held for the whole shop. Release it in the settings, then launch."))
        refreshed = refresh.refresh(campaign.segment)
        if refreshed.error:
            raise ValidationError(
                _("The segment “%(name)s” cannot be found out: %(error)s Mend its rules, then launch.")
                % {"name": campaign.segment.name, "error": refreshed.error}
            )
        letter = compile_letter(campaign.subject, campaign.mjml, shop)
        Link.objects.bulk_create(
            Link(campaign=campaign, position=position, url=url) for position, url in enumerate(letter.links, 1)
        )
        freeze(campaign, at)
        Campaign.objects.filter(pk=campaign.pk).update(
            state=CampaignState.SENDING, launched_at=at, launched_by=by, progress_at=at, trouble=""
        )
        transaction.on_commit(lambda: call_workers(campaign.pk))


def freeze(campaign: Campaign, at: datetime) -> None:
    """Write the audience: who is written to, who is held out, and who is left out for which reason."""
    members = Customer.objects.filter(memberships__segment=campaign.segment_id)
    asked = members.annotate(reason=contactability.reason(Channel(campaign.channel), Purpose.MARKETING, at))
    with connection.cursor() as cursor:
        written = sql.written(asked.values_list("pk", "email_key", "reason"))
        sql.run(cursor, "sending/freeze", asked=written, campaign=campaign.pk, share=campaign.holdout_share)


def call_workers(campaign_id: int) -> None:
    """Have workers take up a campaign now. If the broker is away, beat finds the campaign within 15 s of its return."""
    from campaigns.tasks import send_campaign

    for _worker in range(WORKERS):
        try:
            send_campaign.delay(campaign_id)
        except send_campaign.OperationalError:
            return
