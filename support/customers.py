"""Whose ticket it is: found by address, or made. Nobody agrees to advertising by asking a question."""

from datetime import datetime

from crm import locks
from crm.models import Customer


def by_email(address: str, name: str, at: datetime, source: str) -> Customer:
    """The customer with that address, of several the latest; else a new one. Within a transaction."""
    locks.wait_for(f"address:{address.lower()}")  # two mails at once from one new address make one customer
    found = Customer.objects.filter(email_key=address.lower()).exclude(email="").order_by("-created_at", "-id").first()
    return known(found, at) or Customer.objects.create(
        email=address, name=name or address.partition("@")[0], registered_at=at, source=source
    )


def by_phone(number: str, name: str, at: datetime, source: str) -> Customer:
    """The same by a phone number in E.164."""
    locks.wait_for(f"address:{number}")
    found = Customer.objects.filter(phone=number).order_by("-created_at", "-id").first()
    return known(found, at) or Customer.objects.create(phone=number, name=name, registered_at=at, source=source)


def known(customer: Customer | None, at: datetime) -> Customer | None:
    """Who writes is no visitor any more."""
    if customer and customer.registered_at is None:
        customer.registered_at = at
        customer.save(update_fields=["registered_at"])
    return customer
