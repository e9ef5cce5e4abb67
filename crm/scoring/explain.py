"""Why this class, why this stage? The facts behind each, as rows (name, sentence) for components/why.html."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.models import Customer, Facts, Score, Shop, Stage
from crm.models.score import Method
from crm.templatetags.regulars import count, day, money

Rows = list[tuple[str, str]]
# Table 6.4, from class 1 to 5.
RECENCY = {
    1: gettext_lazy("over 12 months ago"), 2: gettext_lazy("within 12 months"), 3: gettext_lazy("within 6 months"),
    4: gettext_lazy("within 3 months"), 5: gettext_lazy("within 1 month"),
}  # fmt: skip
FREQUENCY = {
    1: gettext_lazy("under 2 orders"), 2: gettext_lazy("2 to 3 orders"), 3: gettext_lazy("4 to 5 orders"),
    4: gettext_lazy("6 to 11 orders"), 5: gettext_lazy("12 orders or more"),
}  # fmt: skip
FIFTHS = {
    1: gettext_lazy("the lowest fifth"), 2: gettext_lazy("the second lowest fifth"), 3: gettext_lazy("the middle fifth"),
    4: gettext_lazy("the second highest fifth"), 5: gettext_lazy("the highest fifth"),
}  # fmt: skip


def why_classes(score: Score, facts: Facts) -> Rows:
    """What put a customer into its classes of recency, frequency and money in the score's model."""
    sentences = _nested(score, facts) if score.model.method == Method.STATISTICAL else _bounds(score, facts)
    return list(zip((f"R {score.r}", f"F {score.f}", f"M {score.m}"), sentences, strict=True))


def _nested(score: Score, facts: Facts) -> tuple[str, str, str]:
    return (
        _("Last order on %(day)s: %(fifth)s of all") % {"day": day(facts.last_order_at), "fifth": FIFTHS[score.r]},
        _("%(orders)s in all: %(fifth)s within R %(r)s")
        % {"orders": orders(facts.orders), "fifth": FIFTHS[score.f], "r": score.r},
        _("%(revenue)s in all: %(fifth)s within R %(r)s, F %(f)s")
        % {"revenue": money(facts.revenue), "fifth": FIFTHS[score.m], "r": score.r, "f": score.f},
    )


def _bounds(score: Score, facts: Facts) -> tuple[str, str, str]:
    return (
        _("Last order on %(day)s: %(bound)s") % {"day": day(facts.last_order_at), "bound": RECENCY[score.r]},
        _("%(orders)s in 12 months: %(bound)s") % {"orders": orders(facts.orders_year), "bound": FREQUENCY[score.f]},
        _("%(average)s an order on average: %(bound)s")
        % {"average": money(facts.average), "bound": money_bound(score.model.monetary_bounds or [], score.m)},
    )


def money_bound(bounds: Sequence[Decimal], m: int) -> str:
    """What class `m` holds by the shop's bounds: the last one's upper bound is within, the others' is not."""
    if m == 1:
        return _("under %(high)s") % {"high": money(bounds[0])}
    if m == 5:
        return _("over %(low)s") % {"low": money(bounds[3])}
    words = _("%(low)s to %(high)s") if m == 4 else _("%(low)s to under %(high)s")
    return words % {"low": money(bounds[m - 2]), "high": money(bounds[m - 1])}


def why_stage(customer: Customer, facts: Facts, at: datetime | None = None) -> Rows:
    """What put a customer into its lifecycle stage (docs/domain.md 3). at: now, unless told otherwise."""
    at = at or timezone.now()
    if facts.stage in (Stage.FIRST_VISIT, Stage.RETURN_VISIT):
        return [(_("Known"), _("Not yet: no name, no order")), (_("Visits"), count(facts.visits))]
    rows = [(_("Customer since"), day(customer.registered_at))]
    if not facts.orders:
        last = day(facts.last_visit_at) if facts.last_visit_at else _("none")
        return [*rows, (_("Orders"), _("none that counts")), (_("Last visit"), last)]
    shop = Shop.current()
    return [
        *rows,
        (_("Last order"), _window(facts.last_order_at, shop.inactive_after_days, at)),
        (_("Last answer"), _window(facts.last_response_at, shop.response_window_days, at)),
    ]


def _window(moment: datetime | None, days: int, at: datetime) -> str:
    if moment is None:
        return _("none")
    words = (
        _("%(day)s, within %(days)s days") if at - timedelta(days) <= moment else _("%(day)s, over %(days)s days ago")
    )
    return words % {"day": day(moment), "days": days}


def orders(number: int) -> str:
    return ngettext("%(n)s order", "%(n)s orders", number) % {"n": count(number)}
