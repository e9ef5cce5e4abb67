"""One click on unsubscribe: nobody with that address gets marketing by e-mail any more (docs/domain.md 5)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from campaigns.models import Delivery
from crm import consent, events
from crm.channels import Channel
from crm.models import Customer

SOURCE = "link in a mail"


@transaction.atomic
def unsubscribe(delivery: Delivery) -> None:
    """Withdraw (e-mail, marketing) for the customer, and for every customer with the address the mail went to.

    The first time is kept: asking again changes nothing.
    """
    for customer in Customer.objects.filter(Q(email_key=delivery.address) | Q(pk=delivery.customer_id)).order_by("pk"):
        consent.withdraw(customer, Channel.EMAIL, source=SOURCE)
    if Delivery.objects.filter(pk=delivery.pk, unsubscribed_at=None).update(unsubscribed_at=timezone.now()):
        events.add("campaigns", "unsubscribed", [delivery.pk])
