"""Conditions over what follows from a customer's behaviour: facts, scores, stage, events, membership of other segments."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from crm import events
from crm.models import Customer, Event, Facts, Membership, Score, ScoringModel, Segment, Stage
from crm.scoring.explain import orders
from crm.segments.conditions import (
    COMPARE,
    LOOKUPS,
    TIMES,
    WHEN,
    Choice,
    Choices,
    Condition,
    Number,
    Params,
    Scope,
    Several,
    compared,
    days,
    register,
    timed,
    times,
)
from crm.templatetags.regulars import count, day, money

ORDERS, SCORES, BEHAVIOUR = _("Orders"), _("Scores"), _("Behaviour")


def average(params: Params, scope: Scope) -> Q:
    """The average is revenue by orders, unrounded: so revenue is compared with so many times the amount."""
    total = params.number("amount") * F("facts__orders")
    return Q(facts__orders__gt=0) & compared("facts__revenue", params, total)


def scored(params: Params, scope: Scope) -> Q:
    lookup = f"{params.text('measure')}__{LOOKUPS[params.text('compare')]}"
    classes = Score.objects.filter(model__slug=params.text("model"), **{lookup: params.whole("class")})
    return Q(Exists(classes.filter(customer=OuterRef("pk"))))


def counted_events(params: Params) -> QuerySet[Event]:
    """Of opens and clicks only those that a human made (docs/domain.md 3)."""
    name = params.text("kind")
    rows = Event.objects.filter(kind=name)
    return rows.filter(properties__agent="human") if events.kinds[name].response else rows


def behaved(params: Params, scope: Scope) -> Q:
    rows = counted_events(params).filter(at__lt=scope.at)
    if params.given("days"):
        rows = rows.filter(at__gte=scope.days_ago(params.whole("days")))
    return times(rows, params, scope)


def belongs(params: Params, scope: Scope) -> Q:
    members = Membership.objects.filter(segment__public_id=params.text("segment"))
    return Q(Exists(members.filter(customer=OuterRef("pk"))))


def models() -> Choices:
    return [(model.slug, now(model.name)) for model in ScoringModel.objects.order_by("pk")]


def kinds() -> Choices:
    return [(kind.name, kind.label) for kind in events.kinds.values()]


def segments() -> Choices:
    return [(str(segment.public_id), segment.name) for segment in Segment.objects.order_by("name")]


# What is so for one customer


def facts_of(customer: Customer) -> Facts:
    return Facts.objects.filter(pk=customer.pk).first() or Facts(customer=customer)


def orders_so_far(customer: Customer, params: Params) -> str:
    facts = facts_of(customer)
    if not facts.orders:
        return now("No order so far")
    return now("%(orders)s, %(revenue)s; the last on %(day)s") % {
        "orders": orders(facts.orders), "revenue": money(facts.revenue), "day": day(facts.last_order_at),
    }  # fmt: skip


def average_so_far(customer: Customer, params: Params) -> str:
    facts = facts_of(customer)
    return money(facts.average) if facts.average is not None else now("No order so far")


def first_order(customer: Customer, params: Params) -> str:
    facts = facts_of(customer)
    return day(facts.first_order_at) or now("No order so far")


def classes(customer: Customer, params: Params) -> str:
    score = Score.objects.filter(customer=customer, model__slug=params.text("model")).first()
    return str(score) if score else now("No class: no counted order")


def stage(customer: Customer, params: Params) -> str:
    facts = facts_of(customer)
    return str(facts.get_stage_display()).capitalize() if facts.stage else now("No stage yet")


def last_event(customer: Customer, params: Params) -> str:
    rows = counted_events(params).filter(customer=customer)
    last = rows.order_by("-at").values_list("at", flat=True).first()
    if not last:
        return now("Never")
    return now("%(times)s ×, the last on %(day)s") % {"times": count(rows.count()), "day": day(last)}


NUMBER = Number("number", _("number"), most=100_000)
AMOUNT = Number("amount", _("amount"), decimals=True)
MEASURE = Choice("measure", _("measure"), of=[("r", _("recency")), ("f", _("frequency")), ("m", _("money"))])
STAGES = [(str(value), label) for value, label in Stage.choices if value > Stage.RETURN_VISIT]

register(
    Condition(
        "orders", _("Orders so far"), ORDERS, (COMPARE, NUMBER), _("ordered {compare} {number} × so far"),
        lambda params, scope: compared("facts__orders", params, params.whole("number")), fact=orders_so_far,
    ),
    Condition(
        "orders_year", _("Orders in 12 months"), ORDERS, (COMPARE, NUMBER), _("ordered {compare} {number} × in 12 months"),
        lambda params, scope: compared("facts__orders_year", params, params.whole("number")), fact=orders_so_far,
    ),
    Condition(
        "revenue", _("Spent so far"), ORDERS, (COMPARE, AMOUNT), _("spent {compare} {amount} so far"),
        lambda params, scope: compared("facts__revenue", params, params.number("amount")), fact=orders_so_far,
    ),
    Condition(
        "average", _("Average order value"), ORDERS, (COMPARE, AMOUNT), _("spend {compare} {amount} on average an order"),
        average, fact=average_so_far,
    ),
    Condition(
        "last_order", _("Last order"), ORDERS, (WHEN, days()), _("ordered last {when} {days} days ago"),
        lambda params, scope: timed("facts__last_order_at", params, scope), fact=orders_so_far,
    ),
    Condition(
        "first_order", _("First order"), ORDERS, (WHEN, days()), _("ordered first {when} {days} days ago"),
        lambda params, scope: timed("facts__first_order_at", params, scope), fact=first_order,
    ),
    Condition(
        "score", _("Score"), SCORES,
        (MEASURE, Choice("model", _("model"), of=models), COMPARE, Number("class", _("class"), least=1, most=10)),
        _("are in {measure} by {model} in class {compare} {class}"), scored, fact=classes,
    ),
    Condition(
        "stage", _("Lifecycle stage"), SCORES, (Several("stages", _("stages"), of=STAGES),), _("are {stages}"),
        lambda params, scope: Q(facts__stage__in=params.texts("stages")), fact=stage,
    ),
    Condition(
        "event", _("Behaviour, so often"), BEHAVIOUR, (Choice("kind", _("behaviour"), of=kinds), COMPARE, TIMES, days(optional=True)),
        _("have the event {kind} {compare} {times} × within {days} days"), behaved,
        _("have the event {kind} {compare} {times} × ever"), last_event,
    ),
    Condition(
        "segment", _("Member of a segment"), BEHAVIOUR, (Choice("segment", _("segment"), of=segments),),
        _("belong to {segment}"), belongs,
    ),
)  # fmt: skip
