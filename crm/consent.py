"""The ledger of consent: who agreed to be written to, by which channel, since when, and how it is known (docs/domain.md 5)."""

from django.db import transaction

from crm import events
from crm.channels import Channel, Purpose
from crm.models import Consent, Customer, User
from crm.models.consent import ConsentState


def grant(
    customer: Customer,
    channel: Channel | str,
    *,
    source: str,
    wording: str = "",
    by: User | None = None,
    purpose: Purpose = Purpose.MARKETING,
) -> bool:
    """Write down that the customer agreed. Nothing is written where they had agreed already; says whether something was."""
    return _write(customer, channel, purpose, ConsentState.GRANTED, source, wording, by)


def withdraw(
    customer: Customer,
    channel: Channel | str,
    *,
    source: str,
    by: User | None = None,
    purpose: Purpose = Purpose.MARKETING,
) -> bool:
    """Write down that the customer no longer agrees, also where they never had: a no is kept."""
    return _write(customer, channel, purpose, ConsentState.WITHDRAWN, source, "", by)


@transaction.atomic
def _write(
    customer: Customer, channel: str, purpose: str, state: ConsentState, source: str, wording: str, by: User | None
) -> bool:
    # The customer's row is the lock: two lines at once would both be current.
    Customer.objects.select_for_update().get(pk=customer.pk)
    current = Consent.objects.filter(customer=customer, channel=channel, purpose=purpose, current=True)
    if current.filter(state=state).exists():
        return False
    current.update(current=False)
    Consent.objects.create(
        customer=customer, channel=channel, purpose=purpose, state=state, source=source, wording=wording, by=by
    )
    events.derive("crm", [customer.pk])
    return True
