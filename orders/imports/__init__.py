"""Orders of a file: what a row means, why one cannot be taken, and how the good ones become orders (docs/domain.md 4, "what counts")."""

from decimal import Decimal

from babel.numbers import list_currencies
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from crm import sql
from crm.imports import Kind, Problem
from crm.imports.job import Job
from crm.models import ExchangeRate
from orders.models import Order

PROBLEMS = {
    "no_id": Problem("id", _("it has no order number")),
    "long_id": Problem("id", _("the order number is longer than 120 characters")),
    "long_customer": Problem("customer", _("the customer's id is longer than 120 characters")),
    "no_date": Problem("date", _("it has no date")),
    "bad_date": Problem("date", _("the date cannot be read")),
    "unknown_kind": Problem("kind", _("the kind of row is unknown: sale, return or refund")),
    "unknown_state": Problem("state", _("the state is unknown: placed, confirmed, delivered or cancelled")),
    "no_price": Problem("price", _("it has no price")),
    "bad_price": Problem("price", _("the price is not a number")),
    "negative_price": Problem("price", _("the price is negative")),
    "no_amount": Problem("amount", _("it has no amount")),
    "bad_amount": Problem("amount", _("the amount is not a number")),
    "negative_amount": Problem("amount", _("the amount is negative")),
    "no_quantity": Problem("quantity", _("it has no quantity")),
    "bad_quantity": Problem("quantity", _("the quantity is not a number")),
    "zero_quantity": Problem("quantity", _("the quantity is 0")),
    "stock_adjustment": Problem(
        "quantity", _("a negative quantity outside a cancellation: a stock adjustment, not a sale")
    ),
    "positive_cancellation": Problem("quantity", _("a cancellation with a quantity above 0")),
    "odd_quantity": Problem("quantity", _("the quantity has more than three decimals, or is too large")),
    "bad_discount": Problem("discount", _("the discount is not a number")),
    "odd_discount": Problem("discount", _("the discount is negative, or more than the row is worth")),
    "long_sku": Problem("sku", _("the product's code is longer than 80 characters")),
    "unknown_currency": Problem("currency", _("the currency is unknown: write it as three letters, like VND")),
    "no_rate": Problem("currency", _("no exchange rate into the shop's currency is stored for its currency")),
    "too_large": Problem("price", _("the amount is too large")),
}
PART = 50_000  # lines written between two looks at the stop
LINES = gettext_noop("Writing orders")


def check(job: Job) -> None:
    rates = dict.fromkeys(list_currencies()) | dict(ExchangeRate.objects.values_list("currency", "rate"))
    rates[job.shop_currency] = Decimal(1)
    sql.run(
        job.cursor,
        "imports/check",
        source=job.preset.slug,
        prefix=job.preset.cancellation.get("prefix", ""),
        currency=job.currency,
        currencies=list(rates),
        rates=list(rates.values()),
        has_price="price" in job.places,
        has_quantity="quantity" in job.places,
    )


def write(job: Job) -> list[int]:
    """Products, orders, sold lines, then what came back. Returns the customers whose orders are new or changed."""
    cursor, source = job.cursor, job.preset.slug
    job.progress.begin(LINES)
    job.run("imports/products")
    sql.run(cursor, "imports/documents", source=source)
    sql.run(cursor, "imports/orders", source=source)
    # As with customers: Postgres is told how many there are before it checks foreign keys and looks lines up.
    cursor.execute("analyze orders_product, orders_order")
    job.run("imports/movements")
    last = job.count("select coalesce(max(line), 0) from import_movement where is_new")
    for after in range(0, last, PART):
        sql.run(cursor, "imports/sales", after=after, until=after + PART)
        job.progress.tell(min(after + PART, last), last)
    cursor.execute("analyze orders_orderline")
    job.run("imports/returns")
    job.run("imports/cancellations")
    _count(job)
    return [customer for (customer,) in sql.run(cursor, "imports/touched").fetchall()]


def _count(job: Job) -> None:
    row = sql.one(job.cursor, "imports/counts")
    names = ("orders", "anonymous_orders", "returns", "credits", "products")
    job.counts.update(dict(zip(names, row, strict=False)))
    job.created["orders"], job.created["products"], changed = row[len(names) :]
    job.counts["changed"] += changed


KIND = Kind(
    name="orders",
    label=_("Orders"),
    app="orders",
    fields=(
        "id", "customer", "date", "amount", "quantity", "price", "sku", "product", "category", "discount", "channel",
        "location", "currency", "email", "phone", "name", "country", "state", "kind",
    ),
    dates=("date",),
    numbers=("quantity", "price", "amount", "discount"),
    words=("country", "channel", "state", "kind"),
    problems=PROBLEMS,
    counted=("orders", "anonymous_orders", "returns", "credits", "customers", "products"),
    created=("orders", "customers", "products"),
    is_empty=lambda: not Order.objects.exists(),
    check=check,
    write=write,
)  # fmt: skip
