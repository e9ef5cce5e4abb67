"""What they bought: catalogue, orders and their lines. An order's lines are its ledger (docs/decisions/0002)."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.channels import Channel
from crm.models import Customer


class SalesChannel(models.Model):
    """Where the shop sells: the website, a market place, a shop's till, the phone."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel)

    def __str__(self) -> str:
        return self.name


class Location(models.Model):
    """A shop, stock room or region in which an order was placed."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    name = models.CharField(_("name"), max_length=120, unique=True)

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something the shop sells, by its stock-keeping unit (SKU)."""

    public_id = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"), editable=False)
    sku = models.CharField(_("SKU"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=255, blank=True, db_default="")
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="products", verbose_name=_("category")
    )
    price = models.DecimalField(_("price"), max_digits=20, decimal_places=6, db_default=0)
    search_name = models.GeneratedField(
        expression=models.Func(
            models.functions.Concat("sku", models.Value(" "), "name"),
            function="crm_fold",
            output_field=models.TextField(),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    def __str__(self) -> str:
        return self.name or self.sku


class OrderState(models.TextChoices):
    PLACED = "placed", _("placed")
    CONFIRMED = "confirmed", _("confirmed")
    DELIVERED = "delivered", _("delivered")
    CANCELLED = "cancelled", _("cancelled")


class OrderQuerySet(models.QuerySet["Order"]):
    def with_value(self) -> Self:
        """Adds `value`: the sum of the lines net of discounts, less what came back (docs/domain.md 4).

        A subquery, so that a page of a long list adds up its own orders only.
        """
        lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
        value = Subquery(lines.annotate(sum=Sum("value")).values("sum"))
        return self.annotate(value=Coalesce(value, Decimal(0), output_field=models.DecimalField()))


class Order(models.Model):
    """`source` and `external_id` are its identity: the preset of a file, or "hand" for what staff entered."""

    public_id = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"), editable=False)
    source = models.CharField(max_length=40)
    external_id = models.CharField(_("number"), max_length=120)
    # None: an anonymous order; it counts in the shop's revenue only.
    customer = models.ForeignKey(
        Customer, models.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("customer")
    )
    # The earliest line's time.
    placed_at = models.DateTimeField(_("placed"))
    state = models.CharField(_("state"), max_length=10, choices=OrderState, default=OrderState.PLACED)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel, blank=True, db_default="")
    sales_channel = models.ForeignKey(
        SalesChannel, models.SET_NULL, null=True, blank=True, verbose_name=_("sales channel")
    )
    location = models.ForeignKey(Location, models.SET_NULL, null=True, blank=True, verbose_name=_("location"))
    currency = models.CharField(_("currency"), max_length=3)
    # What one unit of `currency` was worth in the shop's when the order came in; lines are in the shop's currency.
    rate = models.DecimalField(max_digits=20, decimal_places=8, db_default=1)
    note = models.TextField(_("note"), blank=True, db_default="")
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    # Given out with an empty entry form: the same form sent twice is one order.
    entry_key = models.UUIDField(null=True, unique=True, editable=False)

    objects = OrderQuerySet.as_manager()
    value: Decimal  # where it was asked for: with_value()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="one_order_a_number")]
        indexes = [
            models.Index(fields=["customer", "-placed_at"], name="order_customer_placed"),
            models.Index(fields=["-placed_at", "-id"], name="order_placed"),
            models.Index(fields=["external_id"], name="order_external_id"),
            # Few orders are under way or cancelled: their lists are short cuts through a large table.
            models.Index(
                fields=["state", "-placed_at", "-id"],
                condition=Q(state__in=["placed", "confirmed", "cancelled"]),
                name="order_state_placed",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    def get_absolute_url(self) -> str:
        return reverse("orders:order", args=[self.public_id])


class LineKind(models.TextChoices):
    SALE = "sale", _("sale")
    RETURN = "return", _("return")
    CANCELLATION = "cancel", _("cancellation")
    REFUND = "refund", _("refund without an item")
    CREDIT = "credit", _("credit")


class OrderLine(models.Model):
    """A movement of an order's ledger: sold (+), or returned, cancelled, refunded, credited (−) at its own time.

    `quantity` and `value` carry the sign; `value` is in the shop's currency, net of discount, tax as in the price. A credit
    belongs to no order. `customer` repeats the order's, so that facts are read from one table.
    """

    order = models.ForeignKey(Order, models.CASCADE, null=True, related_name="lines")
    customer = models.ForeignKey(Customer, models.SET_NULL, null=True, related_name="order_lines", db_index=False)
    kind = models.CharField(max_length=6, choices=LineKind, db_default=LineKind.SALE)
    at = models.DateTimeField()
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="lines")
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3)
    unit_price = models.DecimalField(_("price"), max_digits=20, decimal_places=6)
    discount = models.DecimalField(_("discount"), max_digits=20, decimal_places=6, db_default=0)
    value = models.DecimalField(_("value"), max_digits=20, decimal_places=6)
    # The sold line that this one takes back, whole or in part.
    takes_back = models.ForeignKey("self", models.CASCADE, null=True, related_name="taken_back")
    reason = models.CharField(max_length=200, blank=True, db_default="")
    # Identity of an imported line: a digest of source, document, content and its ordinal among equal lines.
    import_key = models.UUIDField(null=True, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="line_has_order_unless_credit", condition=Q(order__isnull=False) | Q(kind="credit")
            ),
            models.CheckConstraint(
                name="line_sign",
                condition=Q(kind="sale", quantity__gt=0) | (~Q(kind="sale") & Q(quantity__lte=0, value__lte=0)),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "at"], include=["order", "value"], name="line_customer_at"),
            # Few orders come back: which ones is asked for every list of orders.
            models.Index(fields=["order"], condition=Q(kind__in=["return", "refund"]), name="line_came_back"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"

    @property
    def pieces(self) -> Decimal:
        """How many were sold, or came back."""
        return abs(self.quantity)


class OrderChange(models.Model):
    """A step of an order's way, with who made it and why."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="changes")
    state = models.CharField(max_length=10, choices=OrderState)
    at = models.DateTimeField(db_default=models.functions.Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True, db_default="")

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.state}"
