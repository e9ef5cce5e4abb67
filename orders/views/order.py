"""One order: its way, its lines, what came back; and the steps that staff take with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.models import Score
from crm.roles import may, staff
from crm.templatetags import regulars
from orders import money
from orders import orders as steps
from orders.models import LineKind, Order, OrderChange, OrderLine, OrderState
from orders.views.orders import with_columns


@dataclass(frozen=True)
class Stop:
    """A place on the order's way: done, now or later."""

    label: str | Promise
    at: datetime | None
    when: str


@may("see_orders")
@require_safe
def order(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return page(request, find(public_id))


@may("change_orders")
@require_POST
def confirm(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return do(request, public_id, lambda order: steps.confirm(order, staff(request)), _("%(order)s is confirmed."))


@may("change_orders")
@require_POST
def deliver(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return do(request, public_id, lambda order: steps.deliver(order, staff(request)), _("%(order)s is delivered."))


@may("change_orders")
@require_POST
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return do(
        request, public_id, lambda order: steps.cancel(order, reason, staff(request)), _("%(order)s is cancelled.")
    )


@may("change_orders")
@require_POST
def take_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Items come back: `quantity-<line>` pieces of each line, and why."""
    reason = request.POST.get("reason", "").strip() or request.POST.get("why", "").strip()

    def take(order: Order) -> None:
        steps.take_back(order, quantities(request.POST), reason)

    return do(request, public_id, take, _("Taken back: %(order)s is worth less now."))


@may("change_orders")
@require_safe
def refund(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What the pieces typed so far are worth, while they are typed."""
    order = find(public_id)
    try:
        wanted, smallest = quantities(request.GET), money.unit(regulars.shop().currency)
        worth = [
            left.worth(wanted[left.line.pk], smallest) for left in steps.what_is_left(order) if left.line.pk in wanted
        ]
        refund, refused = min(sum(worth, Decimal(0)), order.value), ""
    except steps.Refused as error:
        refund, refused = Decimal(0), str(error)
    return render(request, "orders/order.html#refund", {"order": order, "refund": refund, "refused": refused})


def do(request: HttpRequest, public_id: UUID, step: Callable[[Order], object], done: str) -> HttpResponse:
    """Take the step and show the order again; where it is refused, say why."""
    order = find(public_id)
    try:
        step(order)
    except steps.Refused as refused:
        return page(request, find(public_id), refused=str(refused), status=422)
    messages.success(request, done % {"order": order})
    return redirect(order)


def find(public_id: UUID) -> Order:
    orders = with_columns(Order.objects.all()).select_related(
        "customer__facts", "location", "sales_channel", "entered_by"
    )
    return get_object_or_404(orders, public_id=public_id)


def quantities(posted: QueryDict) -> dict[int, Decimal]:
    """From fields `quantity-17`: pieces of line 17. Raises Refused for what is no number."""
    found = {}
    for name in posted:
        text = posted.get(name, "")
        line = name.removeprefix("quantity-")
        if line == name or not (line.isascii() and line.isdigit() and len(line) < 19) or not text.strip():
            continue
        try:
            found[int(line)] = money.quantity(text)
        except ValueError as error:
            raise steps.Refused(_("“%(text)s” is no number of pieces.") % {"text": text}) from error
    return found


def page(request: HttpRequest, order: Order, refused: str = "", status: int = 200) -> HttpResponse:
    left = steps.what_is_left(order)
    changes = list(order.changes.select_related("by"))
    back = order.lines.exclude(kind=LineKind.SALE).select_related("product").order_by("at", "id")
    gross = sum((line.line.unit_price * line.line.quantity for line in left), Decimal(0))
    sold = sum((line.line.value for line in left), Decimal(0))
    asked = request.POST if request.method == "POST" else request.GET
    return render(
        request,
        "orders/order.html",
        {
            "order": order,
            "lines": left,
            **money.pieces_of(line.line.quantity for line in left),
            "gross": gross,
            "discount": gross - sold,
            "sold": sold,
            "back": list(back),
            "way": way(order, changes),
            "history": history(order, changes, list(back)),
            "can_confirm": order.state == OrderState.PLACED,
            "can_deliver": order.state == OrderState.CONFIRMED,
            "can_cancel": order.state in (OrderState.PLACED, OrderState.CONFIRMED),
            "can_take_back": order.state != OrderState.CANCELLED and any(line.quantity for line in left),
            "asks": asked.get("ask", ""),
            "refused": refused,
            "given": asked,
            "score": Score.objects.filter(customer=order.customer_id, model__slug="statistical").first(),
            "reasons": [_("Damaged on the way"), _("Wrong product"), _("Does not like it")],
        },
        status=status,
    )


def way(order: Order, changes: list[OrderChange]) -> list[Stop]:
    """Placed, confirmed, delivered; or cancelled. Imported orders know only where they are."""
    at = {change.state: change.at for change in changes}
    at.setdefault(OrderState.PLACED, order.placed_at)
    states = [OrderState.PLACED, OrderState.CONFIRMED, OrderState.DELIVERED]
    if order.state == OrderState.CANCELLED:
        states = [state for state in states if state in at] + [OrderState.CANCELLED]
    now = states.index(OrderState(order.state))
    return [
        Stop(state.label, at.get(state), "done" if i < now else "now" if i == now else "later")
        for i, state in enumerate(states)
    ]


@dataclass(frozen=True)
class Happening:
    """A line of the order's history."""

    at: datetime
    icon: str
    tone: str
    text: str
    more: str = ""


ICONS = {
    OrderState.PLACED: ("shopping-bag", "good"),
    OrderState.CONFIRMED: ("check", "mail"),
    OrderState.DELIVERED: ("truck-delivery", "good"),
    OrderState.CANCELLED: ("x", "risk"),
}


def history(order: Order, changes: list[OrderChange], back: list[OrderLine]) -> list[Happening]:
    """All that happened to the order, newest first."""
    found = [Happening(change.at, *ICONS[OrderState(change.state)], told(change), change.reason) for change in changes]
    if not any(change.state == OrderState.PLACED for change in changes):
        found.append(Happening(order.placed_at, *ICONS[OrderState.PLACED], _("Placed")))
    for line in back:
        if line.kind in (LineKind.RETURN, LineKind.REFUND):
            words = {"quantity": f"{line.pieces.normalize():f}", "product": line.product or _("the order")}
            text = _("%(quantity)s × %(product)s came back") if line.quantity else _("Money back for %(product)s")
            found.append(Happening(line.at, "truck-return", "wait", text % words, line.reason))
    return sorted(found, key=lambda happening: happening.at, reverse=True)


def told(change: OrderChange) -> str:
    state = OrderState(change.state).label.capitalize()
    return _("%(state)s by %(name)s") % {"state": state, "name": change.by} if change.by else state
