"""What a marketer may write between {{ and }}: the list, and each customer's values as plain dicts.

Plain dicts and text only: a template can reach nothing that is not in here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.models import Customer, Shop
from crm.models.customer import CustomerKind
from crm.templatetags import regulars
from crm.templatetags.regulars import day, money, phone

Values = dict[str, object]


@dataclass(frozen=True)
class Placeholder:
    name: str
    label: str | Promise
    # What stands in where a customer has no value; empty for values that are never missing.
    default: str | Promise = ""

    @property
    def text(self) -> str:
        """What is written into the message."""
        default = f" | default: '{self.default}'" if self.default else ""
        return f"{{{{ {self.name}{default} }}}}"


LIST = [
    Placeholder("customer.first_name", _("First name"), _("friend")),
    Placeholder("customer.name", _("Full name"), _("friend")),
    Placeholder("customer.email", _("E-mail address")),
    Placeholder("customer.phone", _("Phone"), "–"),
    Placeholder("customer.city", _("City or province"), _("your city")),
    Placeholder("customer.orders", _("Number of orders")),
    Placeholder("customer.revenue", _("Bought for, in all")),
    Placeholder("customer.last_order", _("Day of the last order"), _("your first visit")),
    Placeholder("shop.name", _("Name of the shop")),
    Placeholder("shop.address", _("Postal address of the shop")),
    Placeholder("unsubscribe_url", _("Link to unsubscribe")),
]
OF_FACTS = {"customer.orders", "customer.revenue", "customer.last_order"}
KNOWN = {placeholder.name: placeholder for placeholder in LIST}


def values(customer_ids: Iterable[int], names: Collection[str] = KNOWN) -> dict[int, Values]:
    """By customer id, what KNOWN names (or of these only `names`) but `unsubscribe_url`, which belongs to a delivery.

    Two queries at most.
    """
    shop = regulars.shop()
    of_shop: Values = {"name": shop.name, "address": shop.postal_address}
    customers = Customer.objects.filter(pk__in=list(customer_ids))
    if not OF_FACTS.isdisjoint(names):
        customers = customers.select_related("facts")
    with translation.override(shop.language):
        return {each.pk: {"customer": of_customer(each, shop, names), "shop": of_shop} for each in customers}


def of_customer(customer: Customer, shop: Shop, names: Collection[str] = KNOWN) -> Values:
    """What is missing is None, so that {% if customer.city %} asks whether there is one."""
    found: Values = {
        "name": customer.name or None,
        "first_name": first_name(customer, shop.language) or None,
        "email": customer.email,
        "city": customer.city or None,
    }
    # Writing these takes as long as all the rest of a mail: only where it is asked for.
    if "customer.phone" in names:
        found["phone"] = phone(customer.phone) or None
    if not OF_FACTS.isdisjoint(names):
        facts = getattr(customer, "facts", None)
        found["orders"] = facts.orders if facts else 0
        found["revenue"] = money(facts.revenue if facts else 0)
        found["last_order"] = day(facts.last_order_at if facts else None) or None
    return found


def first_name(customer: Customer, shop_language: str) -> str:
    """The name one calls a person by: the last word in Vietnamese, the first elsewhere; an organisation's whole name."""
    words = customer.name.split()
    if not words or customer.kind == CustomerKind.ORGANISATION:
        return customer.name
    return words[-1] if (customer.language or shop_language) == "vi" else words[0]
