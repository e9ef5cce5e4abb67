"""Whose ticket it is: found by address, or made. Nobody agrees to advertising by asking a question."""

from datetime import datetime

from django.db import connection

from crm.models import Customer


def by_email(address: str, name: str, at: datetime, source: str) -> Customer:
    """The customer with that address, of several the latest; else a new one. Within a transaction."""
    wait_for(address)
    found = Customer.objects.filter(email_key=address.lower()).exclude(email="").order_by("-created_at", "-id").first()
    return known(found, at) or Customer.objects.create(
        email=address, name=name or address.partition("@")[0], registered_at=at, source=source
    )


def by_phone(number: str, name: str, at: datetime, source: str) -> Customer:
    """The same by a phone number in E.164."""
    wait_for(number)
    found = Customer.objects.filter(phone=number).order_by("-created_at", "-id").first()
    return known(found, at) or Customer.objects.create(phone=number, name=name, registered_at=at, source=source)


def known(customer: Customer | None, at: datetime) -> Customer | None:
    """Who writes is no visitor any more."""
    if customer and customer.registered_at is None:
        customer.registered_at = at
        customer.save(update_fields=["registered_at"])
    return customer


def wait_for(address: str) -> None:
    """Two mails at once from one new address make one customer."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"address:{address.lower()}"])
