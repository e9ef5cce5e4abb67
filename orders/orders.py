"""An order's way, by hand: entered, confirmed, delivered; cancelled, or taken back in part.

Each step is one transaction: rows of the ledger (docs/decisions/0002), the change with who made it, the events of the time
line. Facts and scores follow, because the events mark the customer as due. Whoever changes an order holds its row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import events, locks
from crm.channels import Channel
from crm.models import Customer, Shop, User
from orders.models import LineKind, Order, OrderChange, OrderLine, OrderState, Product
from orders.money import rounded, spread, unit

SOURCE = "hand"


class Refused(Exception):
    """The step cannot be taken; the message is a sentence for the one who tried."""


@dataclass(frozen=True)
class Item:
    """So much of a product at a price; `discount` is the customer's on this item."""

    product: Product
    quantity: Decimal
    price: Decimal
    discount: Decimal = Decimal(0)


@dataclass(frozen=True)
class Sums:
    """What an order will come to: a gross amount and a discount for each item, in whole units of the currency."""

    gross: list[Decimal]
    discounts: list[Decimal]

    @property
    def before(self) -> Decimal:
        return sum(self.gross, Decimal(0))

    @property
    def discount(self) -> Decimal:
        return sum(self.discounts, Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.before - self.discount

    @property
    def values(self) -> list[Decimal]:
        return [gross - discount for gross, discount in zip(self.gross, self.discounts, strict=True)]


def add_up(items: Sequence[Item], discount: Decimal, currency: str) -> Sums:
    """Each item's gross amount and discounts; that of the whole order is spread by largest remainder (docs/domain.md 4)."""
    smallest = unit(currency)
    gross = [rounded(item.price * item.quantity, smallest) for item in items]
    own = [rounded(item.discount, smallest) for item in items]
    net = [amount - off for amount, off in zip(gross, own, strict=True)]
    if any(amount < 0 for amount in net) or not 0 <= discount <= sum(net):
        raise Refused(_("The discount is more than the goods cost."))
    shared = spread(rounded(discount, smallest), net, smallest)
    return Sums(gross, [off + share for off, share in zip(own, shared, strict=True)])


def entered_with(key: UUID) -> Order | None:
    """The order that this entry form made before, if it was sent twice. Within a transaction: a second sender waits here."""
    locks.wait_for(f"order:{key}")
    return Order.objects.filter(entry_key=key).first()


@transaction.atomic
def enter(
    customer: Customer | None,
    items: Sequence[Item],
    *,
    channel: Channel | str,
    discount: Decimal = Decimal(0),
    note: str = "",
    by: User | None = None,
    key: UUID | None = None,
    at: datetime | None = None,
) -> Order:
    """Write down an order, in the shop's currency. The same `key` again gives the order that it made. Raises Refused."""
    if key and (before := entered_with(key)):
        return before
    if not items:
        raise Refused(_("An order needs at least one product."))
    if any(item.quantity <= 0 or item.price < 0 for item in items):
        raise Refused(_("A quantity is above 0, a price not below."))
    at, currency = at or timezone.now(), Shop.current().currency
    sums = add_up(items, discount, currency)
    order = Order.objects.create(
        source=SOURCE,
        external_id=next_number(),
        customer=customer,
        placed_at=at,
        channel=channel,
        currency=currency,
        note=note,
        entered_by=by,
        entry_key=key,
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            customer=customer,
            at=at,
            product=item.product,
            quantity=item.quantity,
            unit_price=item.price,
            discount=off,
            value=value,
        )
        for item, off, value in zip(items, sums.discounts, sums.values, strict=True)
    )
    if customer:
        Customer.objects.filter(pk=customer.pk, registered_at=None).update(registered_at=at)
    OrderChange.objects.create(order=order, state=OrderState.PLACED, at=at, by=by)
    tell(order)
    return order


def next_number() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select nextval('orders_number_seq')")
        return f"DH-{cursor.fetchone()[0]}"


def confirm(order: Order, by: User | None = None) -> Order:
    """Placed → confirmed. Raises Refused."""
    return step(order, {OrderState.PLACED}, OrderState.CONFIRMED, by)


def deliver(order: Order, by: User | None = None) -> Order:
    """Confirmed → delivered. Raises Refused."""
    return step(order, {OrderState.CONFIRMED}, OrderState.DELIVERED, by)


@transaction.atomic
def cancel(order: Order, reason: str, by: User | None = None) -> Order:
    """Placed or confirmed → cancelled: takes back what is left of every line, now. Raises Refused."""
    if not reason.strip():
        raise Refused(_("Say why the order is cancelled."))
    order = step(order, {OrderState.PLACED, OrderState.CONFIRMED}, OrderState.CANCELLED, by, reason)
    at = order.changes.latest("at", "id").at
    left_of_order = worth(order)
    for left in what_is_left(order):
        value = min(left.value, left_of_order)
        left_of_order -= value
        if left.quantity or value:
            take(left, left.quantity, value, LineKind.CANCELLATION, at, reason)
    return order


@transaction.atomic
def take_back(
    order: Order, quantities: Mapping[int, Decimal], reason: str, *, at: datetime | None = None
) -> list[OrderLine]:
    """Items come back: so much of each line (by its id), worth its share of what was paid. Raises Refused.

    Never more than what is left. Part of a line is worth its share rounded down, the last piece what is then left.
    """
    order = hold(order)
    if order.state == OrderState.CANCELLED:
        raise Refused(_("%(order)s is cancelled: nothing of it can come back.") % {"order": order})
    wanted = {line: quantity for line, quantity in quantities.items() if quantity}
    if not wanted:
        raise Refused(_("Say how many pieces come back."))
    if not reason.strip():
        raise Refused(_("Say why it comes back."))
    left_by_line = {left.line.pk: left for left in what_is_left(order)}
    if missing := wanted.keys() - left_by_line.keys():
        raise Refused(_("Line %(line)s is not one of %(order)s.") % {"line": min(missing), "order": order})
    at, smallest = at or timezone.now(), unit(Shop.current().currency)
    left_of_order = worth(order)
    taken = []
    for pk, quantity in wanted.items():
        left = left_by_line[pk]
        value = min(left.worth(quantity, smallest), left_of_order)
        left_of_order -= value
        taken.append(take(left, quantity, value, LineKind.RETURN, at, reason))
    tell(order)
    return taken


@dataclass(frozen=True)
class Left:
    """What is left of a sold line after all that was taken back."""

    line: OrderLine
    quantity: Decimal
    value: Decimal

    def worth(self, quantity: Decimal, smallest: Decimal) -> Decimal:
        """What `quantity` of it is worth when it comes back. Raises Refused if that is more than is left."""
        if not 0 < quantity <= self.quantity:
            words = {"product": self.line.product, "left": f"{self.quantity.normalize():f}"}
            raise Refused(_("Of %(product)s, %(left)s can come back, not more.") % words)
        if quantity == self.quantity:
            return self.value
        share = (self.line.value * quantity / self.line.quantity).quantize(smallest, ROUND_DOWN)
        return min(share, self.value)


def what_is_left(order: Order) -> list[Left]:
    """The sold lines of an order and what is left of each."""
    sold = order.lines.filter(kind=LineKind.SALE).select_related("product").order_by("id")
    back = {
        row["takes_back"]: row
        for row in order.lines.filter(takes_back__isnull=False)
        .order_by()
        .values("takes_back")
        .annotate(quantity_back=Sum("quantity"), value_back=Sum("value"))
    }
    return [
        Left(line, line.quantity + back[line.pk]["quantity_back"], line.value + back[line.pk]["value_back"])
        if line.pk in back
        else Left(line, line.quantity, line.value)
        for line in sold
    ]


def worth(order: Order) -> Decimal:
    """What the order is worth now: what was sold, less what came back or was refunded."""
    return order.lines.aggregate(sum=Sum("value", default=Decimal(0)))["sum"]


def hold(order: Order) -> Order:
    """The order as it is now, and nobody else may change it until the transaction ends."""
    return Order.objects.select_for_update().get(pk=order.pk)


@transaction.atomic
def step(order: Order, before: set[OrderState], state: OrderState, by: User | None, reason: str = "") -> Order:
    order = hold(order)
    if order.state not in before:
        words = {"order": order, "is": order.get_state_display(), "state": state.label}
        raise Refused(_("%(order)s is %(is)s: it cannot become %(state)s.") % words)
    order.state = state
    order.save(update_fields=["state"])
    OrderChange.objects.create(order=order, state=state, at=timezone.now(), by=by, reason=reason[:200])
    tell(order)
    return order


def take(left: Left, quantity: Decimal, value: Decimal, kind: LineKind, at: datetime, reason: str) -> OrderLine:
    """A minus line of the ledger."""
    line = left.line
    return OrderLine.objects.create(
        order_id=line.order_id,
        customer_id=line.customer_id,
        kind=kind,
        at=at,
        product_id=line.product_id,
        quantity=-quantity,
        unit_price=line.unit_price,
        discount=value - rounded(line.unit_price * quantity, Decimal("0.000001")),
        value=-value,
        takes_back=line,
        reason=reason[:200],
    )


def tell(order: Order) -> None:
    """Have the time line say what happened, and the customer scored again. Anonymous orders have neither."""
    if order.customer_id:
        events.derive("orders", [order.customer_id])
