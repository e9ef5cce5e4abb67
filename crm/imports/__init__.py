"""Sense: files of other systems become customers and what they did.

One way for every kind of import (engine.py): look at the file (reader.py), find its columns (presets.py), copy it into a
staging table (staging.py), read its dates, numbers and words (formats.py), leave out bad rows, find or make the customers
(customers.py), and let the app that registered the kind write the rest. All of it is one transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from crm.imports.job import Job


@dataclass(frozen=True)
class Problem:
    """Why a row was left out, and the field whose cell shows it."""

    field: str
    reason: str | Promise


# A row that is no row of its table.
COMMON = {"ragged": Problem("ragged", _("it has more or fewer cells than the header has columns"))}


@dataclass(frozen=True)
class Kind:
    """What an app registers to take rows of a file.

    `check` makes the table `import_line` of `import_row` (all rows; `problem` says why one cannot be taken); besides its
    own columns it has line, at, customer, customer_key, name, email, phone, country, currency. `write` takes the good rows
    into the app's tables, fills `job.counts`, and returns the ids of the customers whose behaviour changed.
    """

    name: str
    label: str | Promise
    app: str  # whose derived events follow from what was written
    fields: Sequence[str]
    dates: Sequence[str]
    numbers: Sequence[str]
    words: Sequence[str]
    problems: Mapping[str, Problem]
    counted: Sequence[str]  # the figures of its result, beside `created` and `changed`
    created: Sequence[str]
    is_empty: Callable[[], bool]
    check: Callable[["Job"], None]
    write: Callable[["Job"], list[int]]


kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    kinds[kind.name] = kind


def problem(kind: str, name: str) -> Problem:
    """The problem of that name, of the kind or of every file."""
    return kinds[kind].problems[name] if name in kinds[kind].problems else COMMON[name]
