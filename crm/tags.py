"""Words that staff stick on customers."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from crm.models import Customer
from crm.models.customer import mark_changed

LONGEST = 40
MOST = 30


def clean(text: str) -> str:
    """One tag as it is kept: without commas and doubled blanks."""
    return " ".join(text.replace(",", " ").replace("\0", "").split())[:LONGEST].strip()


def split(text: str) -> list[str]:
    """`tea, vip, Tea` is tea and vip: what was typed first stays, whatever its case."""
    found: dict[str, str] = {}
    for part in text.split(","):
        if tag := clean(part):
            found.setdefault(tag.casefold(), tag)
    return list(found.values())[:MOST]


def add(tag: str, public_ids: Iterable[str]) -> int:
    """Give these customers the tag; returns how many lacked it. Ids that are none are left out."""
    with transaction.atomic():
        lacking = list(
            Customer.objects.select_for_update()
            .filter(public_id__in=filter(None, map(_uuid, public_ids)))
            .exclude(tags__contains=[tag])
            .order_by("pk")
        )
        for customer in lacking:
            customer.tags = [*customer.tags, tag][-MOST:]
        Customer.objects.bulk_update(lacking, ["tags"])
        mark_changed([customer.pk for customer in lacking])
    return len(lacking)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
