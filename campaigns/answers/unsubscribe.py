"""One click on unsubscribe: nobody with that address gets marketing by e-mail any more (docs/domain.md 5)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from campaigns.models import Delivery
from crm import consent, events
from crm.channels import Channel, Purpose
from crm.models import Consent, Customer
from crm.models.consent import ConsentState

SOURCE = "link in a mail"


def meant_by(delivery: Delivery) -> QuerySet[Customer]:
    """Who unsubscribes with this mail's link: its customer, and everyone with the address that it went to."""
    return Customer.objects.filter(Q(email_key=delivery.address) | Q(pk=delivery.customer_id))


def is_done(delivery: Delivery) -> bool:
    """Whether they have unsubscribed, and have not agreed again since."""
    agreed = Consent.objects.filter(
        customer__in=meant_by(delivery), channel=Channel.EMAIL, purpose=Purpose.MARKETING, state=ConsentState.GRANTED,
        current=True,
    )  # fmt: skip
    return delivery.unsubscribed_at is not None and not agreed.exists()


@transaction.atomic
def unsubscribe(delivery: Delivery) -> None:
    """Withdraw (e-mail, marketing) for all of them. The first time is kept: asking again changes nothing."""
    for customer in meant_by(delivery).order_by("pk"):
        consent.withdraw(customer, Channel.EMAIL, source=SOURCE)
    if Delivery.objects.filter(pk=delivery.pk, unsubscribed_at=None).update(unsubscribed_at=timezone.now()):
        events.add("campaigns", "unsubscribed", [delivery.pk])
