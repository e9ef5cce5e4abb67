"""The list of orders: views, filter, pages, quick look."""

from uuid import UUID

from django.db.models import Exists
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import keyset
from crm.channels import Channel
from crm.roles import may
from orders import order_filter
from orders.models import LineKind, Order, OrderQuerySet

SIZE = 25
NEWEST = keyset.Sort("placed_at", descending=True)


@may("see_orders")
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The list; a number that only one order has leads to its page."""
    conditions = order_filter.conditions(request.GET)
    found = filtered(conditions)
    if request.GET.get("q") and [condition.key for condition in conditions] == ["q"]:
        exact = found.filter(external_id=request.GET["q"].strip().upper())[:2]
        if len(exact) == 1:
            return redirect(exact[0])
    page = keyset.page(
        with_columns(found),
        NEWEST,
        size=SIZE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(
        request,
        "orders/orders.html",
        {
            "page": page,
            "total": found.count(),
            "chips": [
                {"name": c.name, "value": c.value, "remove_url": without(request.GET, c.key)} for c in conditions
            ],
            "views": views_of(request.GET),
            "channels": Channel.choices,
        },
    )


def filtered(conditions: list[order_filter.Condition]) -> OrderQuerySet:
    return Order.objects.filter(*[condition.q for condition in conditions])


def with_columns(orders: OrderQuerySet) -> OrderQuerySet:
    """What a row shows: its value, its customer, and whether something came back."""
    return orders.with_value().annotate(came_back=Exists(order_filter.what_came_back())).select_related("customer")


def without(query: QueryDict, *keys: str) -> str:
    rest = query.copy()
    for key in (*keys, "after", "before"):
        rest.pop(key, None)
    return f"?{rest.urlencode()}"


def views_of(query: QueryDict, *, counted: bool = False) -> list[dict[str, object]]:
    """The tabs over the list. Their counts are asked for once the list is shown."""
    now = query.get("state", "")
    views = [
        (_("All"), ""),
        (_("Under way"), "open"),
        (_("To confirm"), "placed"),
        (_("Confirmed"), "confirmed"),
        (_("Delivered"), "delivered"),
        (_("Returned"), "returned"),
        (_("Cancelled"), "cancelled"),
    ]
    return [
        {
            "label": label,
            "url": reverse("orders:orders") + (f"?state={state}" if state else ""),
            "current": state == now,
            "count": how_many(state) if counted else None,
        }
        for label, state in views
    ]


def how_many(state: str) -> int:
    return filtered(order_filter.conditions(QueryDict(f"state={state}"))).count()


@may("see_orders")
@require_safe
def views(request: HttpRequest) -> HttpResponse:
    """The tabs with their counts."""
    return render(request, "components/views.html", {"views": views_of(request.GET, counted=True)})


@may("see_orders")
@require_safe
def look(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The quick look beside the list."""
    order = get_object_or_404(with_columns(Order.objects.all()), public_id=public_id)
    return render(
        request,
        "components/side_panel.html",
        {
            "title": order.external_id,
            "url": order.get_absolute_url(),
            "body": "orders/order_look.html",
            "order": order,
            "lines": order.lines.filter(kind=LineKind.SALE).select_related("product").order_by("id")[:50],
            "changes": order.changes.select_related("by").reverse(),
        },
    )
