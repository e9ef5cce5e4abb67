"""Conditions of segments over orders: products, categories, sums and numbers within days.

An order counts for a product or category while what it holds of it was not taken back whole (docs/domain.md 4).
"""

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from crm.models import Customer
from crm.scoring.explain import orders
from crm.segments.conditions import (
    COMPARE,
    TIMES,
    Choice,
    Choices,
    Condition,
    Number,
    Parameter,
    Params,
    Scope,
    days,
    register,
    times,
)
from crm.templatetags.regulars import day
from orders.models import Category, LineKind, OrderLine, Product

BOUGHT = _("Purchases")


class Sku(Parameter):
    """A product by its stock-keeping unit."""

    def clean_text(self, text: str) -> object:
        if not Product.objects.filter(sku=text).exists():
            raise ValidationError(now("There is no product with the SKU “%(sku)s”.") % {"sku": text})
        return text

    def show(self, value: object) -> str:
        product = Product.objects.filter(sku=value).first()
        return str(product or value)


def categories() -> Choices:
    return [(str(pk), name) for pk, name in Category.objects.order_by("name").values_list("pk", "name")]


def of_what(params: Params) -> QuerySet[OrderLine]:
    """The lines that the condition is about: of a product, of a category, or all."""
    lines = OrderLine.objects.filter(customer_id__isnull=False)
    if params.given("product"):
        return lines.filter(product__sku=params.text("product"))
    if params.given("category"):
        return lines.filter(product__category_id=params.whole("category"))
    return lines


def in_time(lines: QuerySet[OrderLine], params: Params, scope: Scope) -> QuerySet[OrderLine]:
    lines = lines.filter(at__lt=scope.at)
    return lines.filter(at__gte=scope.days_ago(params.whole("days"))) if params.given("days") else lines


def bought(params: Params, scope: Scope) -> Q:
    """Orders in time that hold some of it still."""
    lines = of_what(params)
    counted = scope.limit(lines.filter(at__lt=scope.at)).values("order_id").annotate(net=Sum("value"))
    sold = in_time(lines, params, scope).filter(
        kind=LineKind.SALE, order_id__in=counted.filter(net__gt=0).values("order_id")
    )
    return times(sold, params, scope, counted="order_id")


def spent(params: Params, scope: Scope) -> Q:
    """The sum in time, less what came back in that time. Who has no line spent nothing."""
    amount = params.number("amount")
    sums = scope.limit(in_time(of_what(params), params, scope)).values("customer_id").annotate(total=Sum("value"))

    def are(condition: Q) -> Q:
        return Q(pk__in=sums.filter(condition).values("customer_id"))

    match params.text("compare"):
        case "at_least":
            return are(Q(total__gte=amount)) if amount > 0 else ~are(Q(total__lt=amount))
        case "at_most":
            return ~are(Q(total__gt=amount))
        case _exactly:
            return are(Q(total=amount)) if amount else ~are(~Q(total=0))


def last_bought(customer: Customer, params: Params) -> str:
    sold = of_what(params).filter(customer_id=customer.pk, kind=LineKind.SALE)
    last = sold.order_by("-at").values_list("at", flat=True).first()
    if not last:
        return now("Never")
    return now("%(orders)s, the last on %(day)s") % {
        "orders": orders(sold.values("order_id").distinct().count()), "day": day(last),
    }  # fmt: skip


PRODUCT = Sku("product", _("product (SKU)"), widget="product")
CATEGORY = Choice("category", _("category"), of=categories)
AMOUNT = Number("amount", _("amount"), decimals=True)
WITHIN = days(optional=True)

register(
    Condition(
        "ordered", _("Orders within days"), BOUGHT, (COMPARE, TIMES, WITHIN),
        _("ordered {compare} {times} × within {days} days"), bought,
        _("ordered {compare} {times} × ever"), last_bought,
    ),
    Condition(
        "bought_product", _("Bought a product"), BOUGHT, (PRODUCT, COMPARE, TIMES, WITHIN),
        _("bought {product} {compare} {times} × within {days} days"), bought,
        _("bought {product} {compare} {times} × ever"), last_bought,
    ),
    Condition(
        "bought_category", _("Bought in a category"), BOUGHT, (CATEGORY, COMPARE, TIMES, WITHIN),
        _("bought in category {category} {compare} {times} × within {days} days"), bought,
        _("bought in category {category} {compare} {times} × ever"), last_bought,
    ),
    Condition(
        "spent", _("Spent within days"), BOUGHT, (COMPARE, AMOUNT, WITHIN),
        _("spent {compare} {amount} within {days} days"), spent, _("spent {compare} {amount} ever"), last_bought,
    ),
    Condition(
        "spent_product", _("Spent on a product"), BOUGHT, (COMPARE, AMOUNT, PRODUCT, WITHIN),
        _("spent {compare} {amount} on {product} within {days} days"), spent,
        _("spent {compare} {amount} on {product} ever"), last_bought,
    ),
    Condition(
        "spent_category", _("Spent in a category"), BOUGHT, (COMPARE, AMOUNT, CATEGORY, WITHIN),
        _("spent {compare} {amount} in category {category} within {days} days"), spent,
        _("spent {compare} {amount} in category {category} ever"), last_bought,
    ),
)  # fmt: skip
