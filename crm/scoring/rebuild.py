"""Everything derived made anew from source rows, or only compared with them: rebuilt equals incremental (docs/domain.md)."""

from collections import Counter
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from crm import events, sql
from crm.models import Due, Membership, ScoringModel, Segment
from crm.scoring.aside import aside
from crm.scoring.rescore import View, rescore, roomy, score
from crm.segments import compile
from crm.segments.conditions import Scope
from crm.segments.refresh import refresh_all
from crm.segments.rules import RulesError, parse

KINDS = ["events", "facts", "threshold", "stages", "segments"]
# A row that differs: what it is of, its customer, and its segment (0 for none).
Difference = tuple[str, int, int]


def rebuild() -> dict[str, int]:
    """Make derived events, facts, scores, stages and segments anew. Returns how many rows of each were changed."""
    with transaction.atomic():
        derived = [events.derive(app) for app in events.sources]
        scores = rescore()
        moved = refresh_all()
    changed = [sum(each.added + each.removed for each in derived), scores.facts.changed]
    return dict(zip(KINDS, [*changed, scores.threshold.changed, scores.stages.changed, moved], strict=True))


def differences() -> dict[str, int]:
    """How many rows are not as a rebuild would make them. Writes nothing.

    Some classes change by time alone and wait for the night: a row is right if it is what now, or the last look at
    everybody, makes of today's facts.
    """
    now = timezone.now()
    found = compare(View(now))
    looked = ScoringModel.threshold().scored_at
    if found and looked:
        customers = sorted({customer for _kind, customer, _segment in found})
        found &= compare(View(now, customers, windows_at=looked))
    number = Counter(kind for kind, _customer, _segment in found)
    number["events"] = sum(differing_events(app) for app in events.sources)
    return {kind: number[kind] for kind in KINDS}


def differing_events(app: str) -> int:
    kinds = [kind.name for kind in events.kinds.values() if kind.app == app and kind.derived]
    with connection.cursor() as cursor:
        return int(sql.one(cursor, "scoring/check_events", view=f"{app}_event_source", app=app, kinds=kinds)[0])


def compare(view: View) -> set[Difference]:
    """Compute aside what `view` sees, and find what is kept otherwise."""
    threshold, statistical = ScoringModel.threshold(), ScoringModel.statistical()
    with aside(), roomy(), connection.cursor() as cursor:
        score(view)
        # The ranking is as old as it may be; segments on it are compared with it as it is.
        cursor.execute("insert into crm_score select * from public.crm_score where model_id = %s", [statistical.pk])
        rows = sql.run(cursor, "scoring/compare", model=threshold.pk, customers=view.customers)
        found: set[Difference] = {(kind, customer, 0) for kind, customer in rows}
        for segment in Segment.objects.filter(error=""):
            found |= differing_members(segment, view.windows_at or view.as_of, view.customers)
    return found


def differing_members(segment: Segment, at: datetime, customers: list[int] | None) -> set[Difference]:
    try:
        wanted = compile.members(parse(segment.rules), Scope(at, customers))
    except RulesError:
        return set()
    kept = Membership.objects.filter(segment=segment)
    if customers is not None:
        kept = kept.filter(customer_id__in=customers)
    odd = set(wanted.values_list("pk", flat=True)) ^ set(kept.values_list("customer_id", flat=True))
    waiting = set(Due.objects.filter(customer_id__in=odd).values_list("customer_id", flat=True)) if odd else set()
    return {("segments", customer, segment.pk) for customer in odd - waiting}
