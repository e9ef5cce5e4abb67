"""The one door through which every behaviour enters (docs/architecture.md).

There are two sorts. *Collected* events (opens, clicks, pages) exist nowhere else: `record` writes one, the collector many.
*Derived* events follow from source rows (orders, deliveries, tickets, notes): each app keeps a SQL view `<app>_event_source`
with the columns of crm_event, and `derive` makes the events equal to it, for some customers or for all.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.functional import Promise

from crm import sql
from crm.channels import Channel
from crm.models.customer import mark_changed

if TYPE_CHECKING:
    from crm.models.event import Event


@dataclass(frozen=True)
class Kind:
    """A kind of behaviour, as the time line and the rules know it."""

    name: str
    label: str | Promise
    icon: str
    # What the time line says; may hold {value} (money), and {any key of the event's properties}.
    sentence: str | Promise
    group: str  # orders, messages, tickets, visits, notes: the filters of the time line
    app: str = "crm"
    derived: bool = True
    visit: bool = False  # counts as a visit of the shop's site (docs/domain.md 3)
    response: bool = False  # an answer to what we told them, where a human made it
    # From the event to the page of what it is about.
    link: Callable[["Event"], str | None] = lambda event: None


kinds: dict[str, Kind] = {}
# Apps whose events are derived, in the order of registration: each has the view `<app>_event_source`.
sources: list[str] = []


def register(*new: Kind) -> None:
    for kind in new:
        kinds[kind.name] = kind
        if kind.derived and kind.app not in sources:
            sources.append(kind.app)


def record(
    kind: str,
    customer_id: int,
    *,
    at: datetime,
    channel: Channel | str = "",
    object_id: int = 0,
    properties: dict[str, object] | None = None,
    value: Decimal | None = None,
) -> "Event":
    """Write one collected event and have the customer looked at again. Raises KeyError for an unknown kind."""
    from crm.models.event import Event

    event = Event.objects.create(
        customer_id=customer_id,
        at=at,
        kind=kind,
        channel=channel,
        app=kinds[kind].app,
        object_id=object_id,
        properties=properties or {},
        value=value,
    )
    mark_changed([customer_id])
    return event


@dataclass(frozen=True)
class Derived:
    added: int
    removed: int


def derive(app: str, customers: Iterable[int] | None = None) -> Derived:
    """Make the derived events of `app` equal to its source rows, for these customers (ids) or for all (None).

    The customers are marked to be looked at again. Only what differs is written: unchanged rows cost a read.
    """
    ids = None if customers is None else list(set(customers))
    names = [kind.name for kind in kinds.values() if kind.app == app and kind.derived]
    with transaction.atomic(), connection.cursor() as cursor:
        prepare_months_of(app, ids)
        row = sql.one(cursor, "derive_events", view=f"{app}_event_source", app=app, kinds=names, customers=ids)
    return Derived(*row)


def add(app: str, kind: str, object_ids: Sequence[int]) -> None:
    """Add the derived events of new source rows, which can have none yet. `derive` says the same, at the cost of a comparison."""
    with connection.cursor() as cursor:
        sql.run(cursor, "add_events", view=f"{app}_event_source", kind=kind, objects=list(object_ids))


def prepare_months(first: date, last: date) -> None:
    """Have a partition for each month from `first` to `last`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select crm_event_partition(month::date) from generate_series(date_trunc('month', %s::date), %s::date, '1 month') month",
            [first, last],
        )


def prepare_months_of(app: str, customers: list[int] | None) -> None:
    """Have a partition for each month in which these customers' source rows lie."""
    with connection.cursor() as cursor:
        sql.run(cursor, "prepare_months", view=f"{app}_event_source", customers=customers)
