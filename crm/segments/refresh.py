"""Who belongs to a segment now, and who entered and left; kept true for the few who changed, and nightly for all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from crm.locks import exclusive
from crm.models import Segment
from crm.segments import compile
from crm.segments.conditions import Scope
from crm.segments.rules import RulesError, mentioned, parse


@dataclass(frozen=True)
class Refreshed:
    size: int = 0
    entered: int = 0
    left: int = 0
    error: str = ""


def refresh(segment: Segment, scope: Scope | None = None) -> Refreshed:
    """Make the segment's members those who meet its rules: of everybody now, or of the few in `scope`.

    Rules that cannot be asked (a product is gone) leave the members as they were, and the reason on the segment.
    """
    scope = scope or Scope(timezone.now())
    with exclusive(f"segment:{segment.pk}", wait=True):
        try:
            with transaction.atomic():
                size, entered, left = compile.difference(segment, parse(segment.rules), scope)
        except (RulesError, DatabaseError) as reason:
            return fail(segment, str(reason))
        told: dict[str, object] = {"refreshed_at": scope.at, "error": ""}
        told["size"] = size if scope.customers is None else F("size") + entered - left
        Segment.objects.filter(pk=segment.pk).update(**told)
    return Refreshed(size, entered, left)


def fail(segment: Segment, reason: str) -> Refreshed:
    short = reason.partition("\n")[0][:300]
    Segment.objects.filter(pk=segment.pk).update(error=short)
    return Refreshed(error=short)


def refresh_all(scope: Scope | None = None) -> int:
    """Refresh every segment, those that others ask for first. Returns how many customers entered or left."""
    results = [refresh(segment, scope) for segment in in_order(Segment.objects.all())]
    return sum(result.entered + result.left for result in results)


def follow(customers: Sequence[int] | None, at: datetime) -> None:
    """Scores of these customers (None: of all) are new: have the segments follow. A broken one waits for all to be asked."""
    for segment in in_order(Segment.objects.filter(error="")):
        refresh(segment, Scope(at, customers))


def follow_ranking(at: datetime) -> None:
    """Everybody was ranked anew: the segments that ask for these classes follow, and those that ask for such segments."""
    moved: set[str] = set()
    for segment in in_order(Segment.objects.all()):
        if asks_for_ranking(segment.rules) or mentioned(segment.rules) & moved:
            refresh(segment, Scope(at))
            moved.add(str(segment.public_id))


def asks_for_ranking(rules: object) -> bool:
    if isinstance(rules, dict):
        return rules.get("model") == "statistical" or any(map(asks_for_ranking, rules.values()))
    return isinstance(rules, list) and any(map(asks_for_ranking, rules))


def in_order(segments: Iterable[Segment]) -> list[Segment]:
    """Each after those that it asks for."""
    waiting, done = {str(each.public_id): each for each in segments}, dict[str, Segment]()
    while waiting:
        ready = {key: each for key, each in waiting.items() if not mentioned(each.rules) & (waiting.keys() - {key})}
        ready = ready or waiting  # a circle: saving refuses it, a restored row may hold one
        done |= ready
        waiting = {key: each for key, each in waiting.items() if key not in ready}
    return list(done.values())
