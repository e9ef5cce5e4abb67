"""Where orders show up outside their own pages: the customer page, the search, the time line."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from crm import home
from crm.models import Customer, Event
from crm.navigation import Found
from crm.templatetags import regulars
from orders.entry import products_like
from orders.models import Order
from orders.views.orders import with_columns


def panel(customer: Customer) -> dict[str, object]:
    """The latest orders of a customer."""
    own = Order.objects.filter(customer=customer)
    return {"latest": with_columns(own).order_by("-placed_at", "-id")[:4], "how_many": own.count()}


def find_orders(text: str, limit: int) -> list[Found]:
    """By the beginning of the number, whatever the case."""
    text = text.strip().upper()
    if len(text) < 3 or not any(letter.isdigit() for letter in text):
        return []
    found = Order.objects.filter(external_id__startswith=text).with_value().select_related("customer")[:limit]
    return [
        Found(
            order.external_id,
            ", ".join([str(order.customer or _("without customer")), regulars.money(order.value)]),
            order.get_absolute_url(),
            "shopping-bag",
        )
        for order in found
    ]


def find_products(text: str, limit: int) -> list[Found]:
    if len(text.strip()) < 2:
        return []
    return [
        Found(str(product), product.sku, f"{reverse('orders:products')}?q={product.sku}", "package")
        for product in products_like(text).order_by("search_name")[:limit]
    ]


def link(event: Event) -> str | None:
    """The page of the order that an event tells of: the list leads there by its number."""
    number = event.properties.get("number")
    return f"{reverse('orders:orders')}?q={number}" if number else None


@home.card("orders", template="orders/home_card.html", permission="see_orders", order=50)
def latest_orders(request: HttpRequest) -> dict[str, object]:
    """The orders that came in last."""
    return {"orders": with_columns(Order.objects.all()).order_by("-placed_at", "-id")[:6]}
