"""Facts, scores and stages made true again: for the customers whose behaviour changed, or for everybody.

Source: docs/domain.md 3 and 4.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from time import perf_counter

from django.db import connection, transaction
from django.utils import timezone

from crm import events, scoring, sql
from crm.locks import exclusive
from crm.models import Due, ScoringModel, Shop

BATCH = 10_000
# So many waiting customers are looked at sooner by looking at everybody.
EVERYBODY_FROM = 50_000
RANK_AGAIN_AFTER = timedelta(minutes=10)
# From so many changed rows on, what Postgres believed of the table's size is no longer true.
MANY = 1_000
LOCK = "rescore"


@dataclass(frozen=True)
class Step:
    """What one kind of result took: customers looked at, rows changed."""

    looked_at: int = 0
    changed: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Step") -> "Step":
        return Step(self.looked_at + other.looked_at, self.changed + other.changed, self.seconds + other.seconds)


@dataclass(frozen=True)
class Rescore:
    facts: Step = Step()
    statistical: Step = Step()
    threshold: Step = Step()
    stages: Step = Step()

    def __add__(self, other: "Rescore") -> "Rescore":
        return Rescore(
            self.facts + other.facts,
            self.statistical + other.statistical,
            self.threshold + other.threshold,
            self.stages + other.stages,
        )


@dataclass(frozen=True)
class View:
    """What is seen: everything before `as_of`, of these customers (None: all), months and days counted back from `windows_at`."""

    as_of: datetime
    customers: list[int] | None = None
    windows_at: datetime | None = None

    @property
    def parameters(self) -> dict[str, object]:
        return {"as_of": self.as_of, "customers": self.customers, "windows_at": self.windows_at or self.as_of}


def rescore(as_of: datetime | None = None) -> Rescore:
    """Look at everybody. as_of: now, unless a test says otherwise. Raises AlreadyRunning while another worker is at it."""
    with exclusive(LOCK), roomy():
        Due.objects.all().delete()  # who waited is looked at too; rows that come meanwhile stay
        as_of = as_of or timezone.now()
        scores = score(View(as_of))
        scores = replace(scores, statistical=rank())
        ScoringModel.objects.update(scored_at=as_of, stale=False)
    return scores


def night_is_due(now: datetime) -> bool:
    """Whether nobody looked at everybody since two o'clock of this night on the shop's clocks."""
    local = now.astimezone(Shop.current().zone)
    two = datetime.combine(local.date() - timedelta(days=local.hour < 2), time(2), local.tzinfo)
    scored_at = ScoringModel.threshold().scored_at
    return scored_at is None or scored_at < two


def rescore_due(changed: Callable[[Sequence[int] | None, datetime], None] | None = None) -> Rescore:
    """Look again at the customers who wait in crm_due, a batch a transaction, until none is left.

    changed: called with each batch in its transaction, None for everybody (the segments follow). Raises AlreadyRunning.
    """
    if Due.objects.all()[EVERYBODY_FROM:].exists():
        scores = rescore()
        if changed:
            changed(None, timezone.now())
        return scores
    total = Rescore()
    while True:
        with exclusive(LOCK), connection.cursor() as cursor:
            customers = [row[0] for row in sql.run(cursor, "scoring/take_due", limit=BATCH)]
            if not customers:
                return total
            as_of = timezone.now()  # after the taking: what they did before it is committed is seen
            scores = score(View(as_of, customers))
            if scores.facts.changed:
                ScoringModel.objects.filter(slug="statistical", stale=False).update(stale=True)
            if changed:
                changed(customers, as_of)
        total += scores


def rank_if_stale(at_most_every: timedelta = RANK_AGAIN_AFTER) -> Step:
    """Rank anew where facts changed since the last ranking, and that is long enough ago (docs/domain.md 4)."""
    model = ScoringModel.statistical()
    if not model.stale or (model.scored_at and timezone.now() - model.scored_at < at_most_every):
        return Step()
    with exclusive(LOCK), roomy():
        step = rank()
        ScoringModel.objects.filter(pk=model.pk).update(stale=False, scored_at=timezone.now())
    return step


def score(view: View) -> Rescore:
    """Facts, threshold classes and stages of the customers in view. Writes only what differs."""
    shop, model = Shop.current(), ScoringModel.threshold()
    kinds = events.kinds.values()
    seen = {**view.parameters, "zone": shop.timezone}
    behaviour = {
        "visit_kinds": [kind.name for kind in kinds if kind.visit],
        "response_kinds": [kind.name for kind in kinds if kind.response],
    }
    bounds = {"model": model.pk, "monetary": model.monetary_bounds}
    windows = {
        "inactive_after_days": shop.inactive_after_days,
        "response_window_days": shop.response_window_days,
    }
    facts = _run("facts", {**seen, **behaviour}, view=scoring.activities["purchases"].view)
    if view.customers is None and facts.changed >= MANY:
        _tell_planner()
    threshold = _run("threshold", {**seen, **bounds})
    stages = _run("stages", {**seen, **windows})
    return Rescore(facts=facts, threshold=threshold, stages=stages)


def rank() -> Step:
    """The statistical model: everybody with a counted order, ranked whole (docs/domain.md 4, Fig. 6.11)."""
    return _run("statistical", {"model": ScoringModel.statistical().pk})


@contextmanager
def roomy() -> Iterator[None]:
    """A transaction that may sort and hash everybody in memory."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local work_mem = '256MB'")
        yield


def _tell_planner() -> None:
    """Without it, facts that were just filled in pass for an empty table, and joins with them for a few rows: hours."""
    with connection.cursor() as cursor:
        cursor.execute("analyze crm_facts")


def _run(name: str, parameters: dict[str, object], *, view: str | None = None) -> Step:
    begin = perf_counter()
    with connection.cursor() as cursor:
        looked_at, changed = sql.one(cursor, f"scoring/{name}", view=view, **parameters)
    return Step(looked_at, changed, round(perf_counter() - begin, 3))
