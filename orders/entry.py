"""An order as it is being typed: who, by which channel, what, with what discount. Nothing of it is stored until it is placed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.db import models
from django.db.models import Q, Value
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm import phones
from crm.channels import Channel
from crm.models import Customer, Shop, User
from crm.models.customer import Fold
from orders import money
from orders import orders as steps
from orders.models import Order, Product

FOUND_AT_MOST = 6


@dataclass(frozen=True)
class Row:
    """A line of the form: what was typed and the product it names."""

    sku: str
    typed: str
    product: Product | None
    quantity: Decimal | None
    value: Decimal | None = None

    @property
    def error(self) -> str:
        if self.product is None:
            return gettext("There is no product “%(sku)s”.") % {"sku": self.sku}
        return "" if self.quantity else gettext("“%(text)s” is no quantity.") % {"text": self.typed}


class EntryForm(forms.Form):
    """All of an order but its lines. `candidates`: whom the typed text may mean, where that is not one customer."""

    key = forms.UUIDField()
    customer = forms.ModelChoiceField(Customer.objects.all(), to_field_name="public_id", required=False)
    find = forms.CharField(required=False, max_length=120)
    name = forms.CharField(required=False, max_length=200)
    phone = forms.CharField(required=False, max_length=40)
    as_new = forms.BooleanField(required=False)
    channel = forms.ChoiceField(choices=Channel)
    discount = forms.CharField(required=False, max_length=40)
    note = forms.CharField(required=False, max_length=2000)
    candidates: list[Customer]

    def clean_phone(self) -> str:
        text = self.cleaned_data["phone"].strip()
        try:
            return phones.parse(text, Shop.current().country) if text else ""
        except ValueError as error:
            raise forms.ValidationError(
                _("This is no phone number. Write it like 0903 418 265 or +84903418265.")
            ) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.candidates = []
        if data.get("customer") or self.errors:
            return data
        if data["name"] or data["phone"]:
            self.look_for_twin(data)
        elif data["find"]:
            self.look_for(data)
        else:
            self.add_error("find", _("Say who orders: find the customer, or enter a new one."))
        return data

    def look_for_twin(self, data: dict[str, Any]) -> None:
        if not data["name"]:
            self.add_error("name", _("Give the new customer a name."))
        if not data["phone"]:
            self.add_error("phone", _("Give the new customer a phone number."))
        elif not data["as_new"]:
            self.candidates = list(Customer.objects.filter(phone=data["phone"])[:FOUND_AT_MOST])
            if self.candidates:
                self.add_error("phone", _("Somebody has this number already: choose them, or enter somebody else."))

    def look_for(self, data: dict[str, Any]) -> None:
        found = find_customers(data["find"])
        if len(found) == 1:
            data["customer"] = found[0]
            return
        self.candidates = found
        words = _("Several customers fit: choose one.") if found else _("Nobody fits. Enter a name and a phone number.")
        self.add_error("find", words)

    def place(self, rows: list[Row], by: User) -> Order:
        """Make the order, and its customer where they are new. Within a transaction. Raises Refused."""
        data = self.cleaned_data
        customer = data["customer"] or Customer.objects.create(name=data["name"], phone=data["phone"], source="order")
        items = items_of(rows)
        discount = discount_of(data["discount"], items)
        return steps.enter(
            customer, items, channel=data["channel"], discount=discount, note=data["note"], by=by, key=data["key"]
        )


def placed_before(key: str) -> Order | None:
    """The order that this form made, if it was sent before. Within a transaction: whoever sends it meanwhile waits."""
    try:
        return steps.entered_with(UUID(key))
    except ValueError:
        return None


def find_customers(text: str) -> list[Customer]:
    return list(Customer.objects.identified().search(text).select_related("facts")[:FOUND_AT_MOST])


def find_products(text: str) -> list[Product]:
    """Those that fit; one whose SKU is exactly what was typed stands first."""
    text = text.strip()
    found = list(products_like(text).order_by("search_name")[: FOUND_AT_MOST + 2]) if text else []
    return sorted(found, key=lambda product: product.sku.lower() != text.lower())


def products_like(text: str) -> models.QuerySet[Product]:
    """Products with every word in name or SKU, with or without marks."""
    words = text.replace("\0", "").split()
    return Product.objects.filter(*[Q(search_name__contains=Fold(Value(word))) for word in words])


def rows_of(posted: QueryDict) -> list[Row]:
    """The lines of the form: the fields `product` (SKU or exact name) and `quantity`, pair by pair; empty pairs are none."""
    pairs = [
        (sku.replace("\0", "").strip(), typed.strip())
        for sku, typed in zip(posted.getlist("product"), posted.getlist("quantity"), strict=False)
        if sku.strip()
    ]
    products = named(sku for sku, _typed in pairs)
    return [Row(sku, typed, products.get(sku.lower()), quantity_or_none(typed)) for sku, typed in pairs]


def named(skus: Iterable[str]) -> dict[str, Product]:
    wanted = set(skus)
    found = Product.objects.filter(Q(sku__in=wanted) | Q(name__in=wanted)).order_by("-id")
    return {key.lower(): product for product in found for key in (product.name, product.sku)}


def quantity_or_none(text: str) -> Decimal | None:
    try:
        return money.quantity(text)
    except ValueError:
        return None


def items_of(rows: list[Row]) -> list[steps.Item]:
    """Rows as items. Raises Refused for the first that is none."""
    items = []
    for row in rows:
        if row.product is None or row.quantity is None:
            raise steps.Refused(row.error)
        items.append(steps.Item(row.product, row.quantity, row.product.price))
    return items


def discount_of(text: str, items: list[steps.Item]) -> Decimal:
    """`50.000` is an amount, `10%` a share of the goods. Raises Refused where it is neither."""
    text = text.strip()
    if not text:
        return Decimal(0)
    try:
        figure = money.parse(text.rstrip("% "))
    except ValueError as error:
        raise steps.Refused(
            gettext("“%(text)s” is no discount. Write an amount or a share, like 10%%.") % {"text": text}
        ) from error
    if "%" in text:
        currency = Shop.current().currency
        figure = money.rounded(steps.add_up(items, Decimal(0), currency).before * figure / 100, money.unit(currency))
    return figure
