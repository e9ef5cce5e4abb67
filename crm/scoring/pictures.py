"""The heat map of recency by frequency, and the funnel of the lifecycle: what the scores page draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Avg, Count, F, Max, Min, Q

from crm.models import Facts, Score, ScoringModel, Stage
from crm.models.score import Method

CLASSES = range(1, 6)


@dataclass(frozen=True)
class Cell:
    """Customers of one class of recency and one of frequency. `money`: the average of what the model takes for M."""

    r: int
    f: int
    customers: int = 0
    share: float = 0.0
    money: Decimal | None = None
    fewest_orders: int = 0
    most_orders: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    tone: int = 1  # 1 to 5, by the bounds of the heat map


@dataclass(frozen=True)
class HeatMap:
    model: ScoringModel
    customers: int
    rows: list[list[Cell]]  # R 5 first, F 1 first
    bounds: list[Decimal]  # four, between the five tones


def heat_map(model: ScoringModel, colour: str = "money") -> HeatMap:
    """Counts, shares and average M of the 25 cells, in one query. colour: money or customers, what the tones mean."""
    statistical = model.method == Method.STATISTICAL
    amount = (
        F("customer__facts__revenue") if statistical else F("customer__facts__revenue") / F("customer__facts__orders")
    )
    orders = F("customer__facts__orders") if statistical else F("customer__facts__orders_year")
    found = Score.objects.filter(model=model, customer__facts__orders__gt=0).values("r", "f").annotate(
        customers=Count("customer_id"), money=Avg(amount), fewest_orders=Min(orders), most_orders=Max(orders),
        oldest=Min("customer__facts__last_order_at"), newest=Max("customer__facts__last_order_at"),
    )  # fmt: skip
    total = sum(row["customers"] for row in found)
    amounts = [Decimal(row["customers"] if colour == "customers" else row["money"]) for row in found]
    bounds = levels(amounts)
    cells = {
        (row["r"], row["f"]): Cell(**row, share=row["customers"] / total, tone=1 + sum(amount >= b for b in bounds))
        for row, amount in zip(found, amounts, strict=True)
    }
    rows = [[cells.get((r, f)) or Cell(r, f) for f in CLASSES] for r in reversed(CLASSES)]
    return HeatMap(model, total, rows, bounds)


def levels(values: Sequence[Decimal]) -> list[Decimal]:
    """Four bounds that part the values into five tones of about as many cells each, rounded to two figures."""
    ranked = sorted(values)
    if not ranked:
        return []
    bounds = [two_figures(ranked[min(len(ranked) * part // 5, len(ranked) - 1)]) for part in range(1, 5)]
    return sorted(set(bounds))


def two_figures(value: Decimal) -> Decimal:
    return Decimal(f"{value:.1e}").quantize(Decimal(1)) if abs(value) >= 10 else value.quantize(Decimal("0.1"))


@dataclass(frozen=True)
class Step:
    """A stage of the funnel: how many are there, and of how many (`of`) went on to where (`went`)."""

    stage: Stage
    customers: int
    share: float  # of the largest stage: the length of the bar
    went: int
    of: int


@dataclass(frozen=True)
class Funnel:
    steps: list[Step]
    buyers: int
    twice: int  # ordered twice or more
    thrice: int


def funnel() -> Funnel:
    """How many are in each stage, and how many of those who came so far went on. One query."""
    found = Facts.objects.exclude(stage=None).values("stage").annotate(
        customers=Count("pk"), twice=Count("pk", filter=Q(orders__gte=2)), thrice=Count("pk", filter=Q(orders__gte=3))
    )  # fmt: skip
    rows = {row["stage"]: row for row in found}
    number = {stage: rows[stage]["customers"] if stage in rows else 0 for stage in Stage}
    buyers = number[Stage.PURCHASED] + number[Stage.INACTIVE] + number[Stage.ACTIVE]
    visitors = number[Stage.FIRST_VISIT] + number[Stage.RETURN_VISIT]
    known = number[Stage.NEW] + number[Stage.RETURNER] + buyers
    flows = {
        Stage.FIRST_VISIT: (number[Stage.RETURN_VISIT], visitors),
        Stage.RETURN_VISIT: (known, visitors + known),
        Stage.NEW: (known - number[Stage.NEW], known),
        Stage.RETURNER: (buyers, number[Stage.RETURNER] + buyers),
        Stage.PURCHASED: (sum(row["twice"] for row in rows.values()), buyers),
        Stage.INACTIVE: (number[Stage.INACTIVE], buyers),
        Stage.ACTIVE: (number[Stage.ACTIVE], buyers),
    }
    largest = max(number.values()) or 1
    steps = [Step(stage, number[stage], number[stage] / largest, *flows[stage]) for stage in Stage]
    return Funnel(steps, buyers, flows[Stage.PURCHASED][0], sum(row["thrice"] for row in rows.values()))
