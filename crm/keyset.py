"""Pages of a long list by its sort key: the same cost on page 1 and on page 10,000, and no row twice when others come in.

A page is named by the public id of the row before or after it, so that links hold no other ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Func, Value
from django.db.models.lookups import GreaterThan, LessThan


class Row(Func):
    """(a, b): Postgres compares rows from the left and walks an index of the same columns."""

    template = "(%(expressions)s)"
    output_field = models.BooleanField()


@dataclass(frozen=True)
class Sort:
    """A column to sort by. `tie`: the id in the same table as `field`, so that one index holds both.

    nullable: rows without a value stand last, in either direction.
    """

    field: str
    descending: bool = False
    tie: str = "pk"
    nullable: bool = False


@dataclass(frozen=True)
class Page:
    rows: Sequence[Any]
    # Public ids for ?before= and ?after=; None where the list ends.
    before: UUID | None
    after: UUID | None


def page(rows: models.QuerySet, sort: Sort, *, size: int, after: str = "", before: str = "") -> Page:
    """The rows after or before the row with that public id; the first ones where it is not known (any more)."""
    backwards = bool(before and not after)
    anchor = _anchor(rows, sort, after or before)
    found = _walk(rows, sort, anchor, backwards, size + 1)
    if backwards and len(found) <= size:  # the list begins here: show a whole first page
        backwards, anchor = False, None
        found = _walk(rows, sort, None, False, size + 1)
    more, shown = len(found) > size, found[:size]
    if backwards:
        shown.reverse()
    has_before, has_after = (more, True) if backwards else (anchor is not None, more)
    return Page(
        shown,
        shown[0].public_id if shown and has_before else None,
        shown[-1].public_id if shown and has_after else None,
    )


def _anchor(rows: models.QuerySet, sort: Sort, public_id: str) -> tuple[object, int] | None:
    try:
        known = rows.model._default_manager.filter(public_id=UUID(public_id))
    except ValueError:
        return None
    return known.values_list(sort.field, "pk").first()


def _walk(
    rows: models.QuerySet, sort: Sort, anchor: tuple[object, int] | None, backwards: bool, wanted: int
) -> list[Any]:
    """From the anchor on, first through the rows with a value, then through those without (backwards: the other way round)."""
    valued = [True, False] if sort.nullable else [True]
    if backwards:
        valued.reverse()
    if anchor is not None:
        valued = valued[valued.index(anchor[0] is not None) :]
    found: list[Any] = []
    for with_value in valued:
        found += _part(rows, sort, anchor, with_value, backwards)[: wanted - len(found)]
        anchor = None
        if len(found) == wanted:
            break
    return found


def _part(
    rows: models.QuerySet, sort: Sort, anchor: tuple[object, int] | None, with_value: bool, backwards: bool
) -> models.QuerySet:
    keys = [sort.field, sort.tie] if with_value else ["pk"]
    if sort.nullable:
        rows = rows.filter(**{f"{sort.field}__isnull": not with_value})
    descending = sort.descending != backwards
    if anchor is not None:
        beyond = LessThan if descending else GreaterThan
        rows = rows.filter(beyond(Row(*map(F, keys)), Row(*map(Value, anchor[-len(keys) :]))))
    return rows.order_by(*(f"-{key}" if descending else key for key in keys))
