"""Order entry: one page, by keyboard, in under a minute; as a plain form where there is no script."""

from decimal import Decimal
from uuid import UUID, uuid4

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.channels import Channel
from crm.models import Customer, Score, Shop
from crm.roles import may, staff
from orders import entry
from orders import orders as steps
from orders.models import Order
from orders.money import pieces_of

# The channels by which staff take orders (Fig. 6.12), with an icon each.
CHANNELS = [
    (Channel.PHONE, "phone"),
    (Channel.IN_PERSON, "building-store"),
    (Channel.MESSENGER, "message"),
    (Channel.EMAIL, "mail"),
    (Channel.WEBSITE, "world"),
    (Channel.POST, "mailbox"),
    (Channel.FAX, "printer"),
]
EMPTY_ROWS = range(5)


@may("change_orders")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        form = entry.EntryForm(initial={"key": uuid4(), "channel": request.GET.get("channel", Channel.PHONE)})
        return page(request, form, QueryDict(), customer_of(request.GET.get("customer", "")))
    try:
        with transaction.atomic():
            return place(request)
    except steps.Refused as refused:
        form = entry.EntryForm(request.POST)
        form.is_valid()
        return page(request, form, request.POST, form.cleaned_data.get("customer"), str(refused), status=422)


def place(request: HttpRequest) -> HttpResponse:
    """Make the order of the form; a form that was sent before leads to the order it made."""
    if order := entry.placed_before(request.POST.get("key", "")):
        return redirect(order)
    form, rows = entry.EntryForm(request.POST), entry.rows_of(request.POST)
    if not form.is_valid():
        return page(request, form, request.POST, form.cleaned_data.get("customer"), status=422)
    order = form.place(rows, staff(request))
    messages.success(request, _("%(order)s is placed.") % {"order": order})
    return redirect(order)


def page(
    request: HttpRequest,
    form: entry.EntryForm,
    posted: QueryDict,
    customer: Customer | None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    return render(
        request,
        "orders/entry.html",
        {
            "form": form,
            "channels": CHANNELS,
            "empty_rows": EMPTY_ROWS,
            "refused": refused,
            **who(customer),
            **summed(posted),
        },
        status=status,
    )


def customer_of(public_id: str) -> Customer | None:
    try:
        return Customer.objects.identified().select_related("facts").filter(public_id=UUID(public_id)).first()
    except ValueError:
        return None


def who(customer: Customer | None) -> dict[str, object]:
    """The customer as the page shows them, with the last orders."""
    if customer is None:
        return {"customer": None}
    return {
        "customer": customer,
        "score": Score.objects.filter(customer=customer, model__slug="statistical").first(),
        "last_orders": Order.objects.filter(customer=customer).with_value().order_by("-placed_at")[:3],
    }


@may("change_orders")
@require_safe
def customers(request: HttpRequest) -> HttpResponse:
    """Customers that fit what is typed, and the offer to enter a new one."""
    text = request.GET.get("find", "").strip()
    found = entry.find_customers(text) if text else []
    return render(request, "orders/entry_found.html#customers", {"found": found, "text": text})


@may("change_orders")
@require_safe
def customer(request: HttpRequest) -> HttpResponse:
    """The customer that was chosen, or the fields for a new one."""
    chosen, text = customer_of(request.GET.get("customer", "")), request.GET.get("new", "").strip()
    is_number = text.replace(" ", "").lstrip("+").isdigit()
    context = {**who(chosen), "new": chosen is None, "new_name": "" if is_number else text}
    return render(request, "orders/entry.html#who", {**context, "new_phone": text if is_number else "", "form": None})


@may("change_orders")
@require_safe
def products(request: HttpRequest) -> HttpResponse:
    """Products that fit what is typed; “3 × sen” asks for three."""
    text, times = request.GET.get("product_find", ""), "1"
    count, sign, rest = text.replace("*", "×").replace("x ", "× ").partition("×")
    if sign and entry.quantity_or_none(count):
        text, times = rest, count.strip()
    found = entry.find_products(text)
    return render(request, "orders/entry_found.html#products", {"found": found, "times": times, "text": text.strip()})


@may("change_orders")
@require_POST
def lines(request: HttpRequest) -> HttpResponse:
    """The lines and the sum of what is typed so far, with one product added or taken out."""
    posted = request.POST.copy()
    add, drop = posted.get("add", ""), posted.get("drop", "")
    skus, typed = posted.getlist("product"), posted.getlist("quantity")
    pairs = [pair for pair in zip(skus, typed, strict=False) if pair[0] and pair[0] != drop]
    if add:
        pairs = with_more(pairs, add, posted.get("times", "1"))
    posted.setlist("product", [sku for sku, _quantity in pairs])
    posted.setlist("quantity", [quantity for _sku, quantity in pairs])
    return render(request, "orders/entry.html#lines", {**summed(posted), "oob": True})


def with_more(pairs: list[tuple[str, str]], sku: str, times: str) -> list[tuple[str, str]]:
    """One more line, or more of the line that is there."""
    more = entry.quantity_or_none(times) or Decimal(1)
    for i, (there, typed) in enumerate(pairs):
        if there == sku:
            total = (entry.quantity_or_none(typed) or Decimal(0)) + more
            return [*pairs[:i], (sku, f"{total.normalize():f}"), *pairs[i + 1 :]]
    return [*pairs, (sku, f"{more.normalize():f}")]


def summed(posted: QueryDict) -> dict[str, object]:
    """The lines with their values and the sum; what cannot be added up yet is said, not summed."""
    rows = entry.rows_of(posted)
    good = [row for row in rows if not row.error]
    items = entry.items_of(good)
    refused_sum, discount = "", Decimal(0)
    try:
        discount = entry.discount_of(posted.get("discount", ""), items)
        sums = steps.add_up(items, discount, Shop.current().currency)
    except steps.Refused as refused:
        refused_sum, sums = str(refused), steps.add_up(items, Decimal(0), Shop.current().currency)
    gross = iter(sums.gross)
    return {
        "new_name": "",
        "new_phone": "",
        "rows": [(row, None if row.error else next(gross)) for row in rows],
        "sums": sums,
        **pieces_of(item.quantity for item in items),
        "refused_sum": refused_sum,
    }
