"""Customers as CSV, for spreadsheets: a row at a time, so that a million of them need no memory."""

import csv
import re
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from crm import phones
from crm.models import Customer, Shop
from crm.models.customer import CustomerQuerySet
from crm.models.score import Method

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # by which Excel knows that the file is UTF-8
NUMBER = re.compile(r"[+-]\d[\d., ]*")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def as_csv(customers: CustomerQuerySet) -> Iterator[str]:
    """The lines of the file. Cells that a spreadsheet would take for a formula begin with an apostrophe."""
    writer = csv.writer(Line())
    yield BOM + writer.writerow(columns())
    rows = customers.select_related("facts", "owner").prefetch_related("references", "score_set__model", "consents")
    shop = Shop.current()
    for customer in rows.iterator(chunk_size=1000):
        yield writer.writerow(map(defused, row(customer, shop)))


def columns() -> list[str]:
    return [
        _("Id"), _("External id"), _("Kind"), _("Name"), _("E-mail"), _("Phone"), _("Address"), _("City or province"),
        _("Country"), _("Language"), _("Source"), _("Tags"), _("Owner"), _("Customer since"), _("Preferred channel"),
        _("Agreed to"), _("Stage"), _("Orders"), _("Revenue"), _("Last order"), _("Statistical RFM"), _("Threshold RFM"),
    ]  # fmt: skip


def row(customer: Customer, shop: Shop) -> Iterable[object]:
    facts, scores = getattr(customer, "facts", None), customer.scores
    agreed = [
        each.get_channel_display() for each in customer.consents.all() if each.current and each.state == "granted"
    ]
    day = "%Y-%m-%d"
    return [
        customer.public_id,
        " ".join(reference.external_id for reference in customer.references.all()),
        customer.get_kind_display(),
        customer.name,
        customer.email,
        phones.national(customer.phone, shop.country) if customer.phone else "",
        customer.address,
        customer.city,
        customer.country,
        customer.language,
        customer.source,
        ", ".join(customer.tags),
        customer.owner or "",
        f"{customer.registered_at.astimezone(shop.zone):{day}}" if customer.registered_at else "",
        customer.get_preferred_channel_display(),
        ", ".join(agreed),
        facts.stage if facts else "",
        facts.orders if facts else 0,
        f"{facts.revenue.normalize():f}" if facts else 0,
        f"{facts.last_order_at.astimezone(shop.zone):{day}}" if facts and facts.last_order_at else "",
        scores.get(Method.STATISTICAL, ""),
        scores.get(Method.THRESHOLD, ""),
    ]


def defused(cell: object) -> str:
    """A text that begins like a formula is shown, not calculated; numbers (of phones too) stay as they are."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text
