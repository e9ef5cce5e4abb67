"""Reasons of this room not to write to a customer now, registered with crm's one question (crm/contactability.py)."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Delivery
from crm import contactability
from crm.channels import Channel, Purpose
from crm.models import Shop
from crm.models.shop import AdvertisingRules

NOBODY = Q(pk__in=[])
# As the envelope of SMTP takes it; what people typed into other systems is often no address.
ADDRESS = r"^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$"
MOST_MAILS, WITHIN = 3, timedelta(hours=24)


@contactability.rule("bad_address", _("the address is not written like an e-mail address"))
def bad_address(channel: Channel, purpose: Purpose, at: datetime) -> Q:
    return ~Q(email_key__regex=ADDRESS) if channel == Channel.EMAIL else NOBODY


@contactability.rule("three_a_day", _("they got 3 mails within 24 hours, as many as the rules for advertising allow"))
def three_a_day(channel: Channel, purpose: Purpose, at: datetime) -> Q:
    """Decree 91/2020: at most 3 mails to one recipient in 24 hours (docs/domain.md 5)."""
    if channel != Channel.EMAIL or Shop.current().advertising_rules != AdvertisingRules.VIETNAM:
        return NOBODY
    # Whoever has a third one has too many for a fourth.
    third = Delivery.objects.filter(address=OuterRef("email_key"), sent_at__gt=at - WITHIN, sent_at__lte=at)[
        MOST_MAILS - 1 : MOST_MAILS
    ]
    return Q(Exists(third))
