"""The registry of conditions: what a rule of a segment can ask of a customer. Each app adds its own in its apps.py.

A condition has parameters, a sentence that holds them, and says as a query which customers meet it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, Exists, F, Lookup, Model, OuterRef, Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Customer, Shop

Row = TypeVar("Row", bound=Model)
Text = str | Promise
Choices = Sequence[tuple[str, Text]]
MOST_DAYS = 36_500
MOST_LETTERS = 200
EVERYBODY = Q(pk__isnull=False)


class Params(dict[str, object]):
    """The parameters of one condition, already checked."""

    def text(self, name: str) -> str:
        return str(self[name])

    def texts(self, name: str) -> list[str]:
        values = self[name]
        return [str(value) for value in values] if isinstance(values, list) else [str(values)]

    def whole(self, name: str) -> int:
        return int(str(self[name]))

    def number(self, name: str) -> Decimal:
        return Decimal(str(self[name]))

    def given(self, name: str) -> bool:
        return self.get(name) not in (None, "")

    def day(self, name: str) -> datetime:
        """The start of that day on the shop's clocks."""
        return datetime.combine(date.fromisoformat(self.text(name)), time(), Shop.current().zone)


class Among(Lookup):
    """The id is one of these: an array, since thousands of single values are slow to read for Postgres."""

    prepare_rhs = False

    def __init__(self, lhs: F, ids: Sequence[int]) -> None:
        super().__init__(lhs, list(ids))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[object]]:  # type: ignore[override]
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} = any(%s::bigint[])", [*params, self.rhs]


@dataclass(frozen=True)
class Scope:
    """When a rule is asked, and of whom: None for everybody, else the ids of a few."""

    at: datetime
    customers: Sequence[int] | None = None

    def days_ago(self, days: int) -> datetime:
        return self.at - timedelta(days=days)

    def limit(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Rows of these customers alone: what is asked of a few must not cost as if it were asked of all."""
        return rows if self.customers is None else rows.filter(Among(F("customer_id"), self.customers))


@dataclass(frozen=True)
class Parameter:
    """A word of a condition's sentence that the marketer sets: here free text. Other kinds check and show differently."""

    name: str
    label: Text
    optional: bool = False
    unit: Text = ""
    widget: str = "text"

    def clean(self, value: object) -> object:
        """The value as it is kept. Raises ValidationError with a sentence."""
        text = str("" if value is None else value).replace("\0", "").strip()
        if not text and not self.optional:
            raise ValidationError(_("%(label)s is missing.") % {"label": str(self.label).capitalize()})
        if len(text) > MOST_LETTERS:
            raise ValidationError(_("%(label)s is too long.") % {"label": str(self.label).capitalize()})
        return self.clean_text(text) if text else ""

    def clean_text(self, text: str) -> object:
        return text

    def show(self, value: object) -> str:
        return str(value)

    def choices(self) -> Choices:
        return []


@dataclass(frozen=True)
class Number(Parameter):
    """A number between `least` and `most`; whole unless `decimals`."""

    least: int = 0
    most: int = 10**15
    decimals: bool = False
    widget: str = "number"

    def clean_text(self, text: str) -> object:
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise ValidationError(_("“%(text)s” is not a number.") % {"text": text})
        if number != int(number) and not self.decimals:
            raise ValidationError(_("“%(text)s” is not a whole number.") % {"text": text})
        if not self.least <= number <= self.most:
            raise ValidationError(
                _("%(text)s is not between %(least)s and %(most)s.")
                % {"text": text, "least": self.least, "most": self.most}
            )
        return int(number) if number == int(number) else f"{number:f}"


def days(*, optional: bool = False) -> Number:
    return Number("days", gettext_lazy("days"), optional=optional, unit=gettext_lazy("days"), least=1, most=MOST_DAYS)


@dataclass(frozen=True)
class Day(Parameter):
    """A day of the calendar."""

    widget: str = "date"

    def clean_text(self, text: str) -> object:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise ValidationError(_("“%(text)s” is not a day. Write it like 2026-11-24.") % {"text": text}) from None


@dataclass(frozen=True)
class Choice(Parameter):
    """One of a list, which may be read from the database when it is asked for."""

    of: Choices | Callable[[], Choices] = ()
    widget: str = "select"

    def choices(self) -> Choices:
        return self.of() if callable(self.of) else self.of

    def clean_text(self, text: str) -> object:
        if text not in {value for value, _label in self.choices()}:
            raise ValidationError(
                _("%(label)s: “%(text)s” does not exist, or exists no more.")
                % {"label": str(self.label).capitalize(), "text": text}
            )
        return text

    def show(self, value: object) -> str:
        return str(dict(self.choices()).get(str(value), value))


@dataclass(frozen=True)
class Several(Choice):
    """One or more of a list."""

    widget: str = "checks"

    def clean(self, value: object) -> object:
        values = value if isinstance(value, list) else [value] if value not in (None, "") else []
        if not values:
            raise ValidationError(_("%(label)s is missing.") % {"label": str(self.label).capitalize()})
        return [self.clean_text(str(each)) for each in values]

    def show(self, value: object) -> str:
        known = dict(self.choices())
        values = value if isinstance(value, list) else [value]
        return _(" or ").join(str(known.get(str(each), each)) for each in values)


COMPARISONS: Choices = [
    ("at_least", gettext_lazy("at least")),
    ("at_most", gettext_lazy("at most")),
    ("exactly", gettext_lazy("exactly")),
]
COMPARE = Choice("compare", gettext_lazy("comparison"), of=COMPARISONS)
TIMES = Number("times", gettext_lazy("how often"), most=10_000)
WHEN = Choice(
    "when",
    gettext_lazy("when"),
    of=[("within", gettext_lazy("at most")), ("over", gettext_lazy("more than"))],
)
LOOKUPS = {"at_least": "gte", "at_most": "lte", "exactly": "exact"}


@dataclass(frozen=True)
class Condition:
    """`sentence` completes “Customers who …” and holds the parameters by name, as {compare}; `sentence_ever` serves
    where the optional parameter `days` is empty. `fact` says what is so for one customer."""

    name: str
    label: Text
    group: Text
    parameters: tuple[Parameter, ...]
    sentence: Text
    as_q: Callable[[Params, Scope], Q]
    sentence_ever: Text = ""
    fact: Callable[[Customer, Params], str] = lambda customer, params: ""

    def clean(self, values: Mapping[str, object]) -> Params:
        """Checked parameters. Raises ValidationError with the first sentence that is due."""
        return Params({each.name: each.clean(values.get(each.name)) for each in self.parameters})

    def in_words(self, params: Params) -> str:
        sentence = self.sentence_ever if self.sentence_ever and not params.given("days") else self.sentence
        return str(sentence).format(**{each.name: each.show(params.get(each.name, "")) for each in self.parameters})


conditions: dict[str, Condition] = {}


def register(*new: Condition) -> None:
    for condition in new:
        conditions[condition.name] = condition


def compared(field: str, params: Params, value: object) -> Q:
    """`field` at least, at most or exactly `value`."""
    return Q(**{f"{field}__{LOOKUPS[params.text('compare')]}": value})


def timed(field: str, params: Params, scope: Scope) -> Q:
    """The moment `field` lies at most so many days back, or longer ago."""
    return Q(**{f"{field}__{'gte' if params.text('when') == 'within' else 'lt'}": scope.days_ago(params.whole("days"))})


def times(rows: QuerySet[Row], params: Params, scope: Scope, counted: str = "id") -> Q:
    """Customers who have at least, at most or exactly so many `rows`, each with a customer; `counted`: what makes one."""
    number = params.whole("times")

    def at_least(wanted: int) -> Q:
        if wanted < 1:
            return EVERYBODY
        if wanted == 1:
            return Q(Exists(rows.filter(customer_id=OuterRef("pk"))))
        several = (
            scope.limit(rows).order_by().values("customer_id").annotate(n=Count(counted, distinct=counted != "id"))
        )
        return Q(pk__in=several.filter(n__gte=wanted).values("customer_id"))

    match params.text("compare"):
        case "at_least":
            return at_least(number)
        case "at_most":
            return ~at_least(number + 1)
        case _exactly:
            return at_least(number) & ~at_least(number + 1)
