"""Every customer's scores on the Online Retail file, beside a second computation in plain Python from the csv itself.

Extra: runs where the file is found (REGULARS_SHARED, or shared/ beside this folder) and says so where it is not.
"""

import csv
import gzip
import io
import os
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from crm.models import CustomerReference
from crm.scoring.rebuild import KINDS, differences
from tests.orders.importing import import_file

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(os.environ.get("REGULARS_SHARED", ROOT.parent / "shared")) / "data/online_retail/online_retail.csv.gz"
LONDON = ZoneInfo("Europe/London")
BOUNDS = [10, 30, 50, 100]

pytestmark = [
    pytest.mark.skipif(not FILE.exists(), reason=f"EXTRA TEST NOT RUN: the Online Retail file is not at {FILE}"),
    pytest.mark.slow,
]


@dataclass
class Line:
    product: str
    price: Decimal
    quantity: int  # not yet given back
    at: datetime


@dataclass
class Purchase:
    number: str
    lines: list[Line] = field(default_factory=list)
    given_back: list[tuple[datetime, Decimal]] = field(default_factory=list)
    sold: list[tuple[datetime, Decimal]] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        return min(line.at for line in self.lines)

    def value(self, before: datetime) -> Decimal:
        plus = sum((value for at, value in self.sold if at < before), Decimal(0))
        return plus - sum((value for at, value in self.given_back if at < before), Decimal(0))


@dataclass
class Person:
    since: datetime
    purchases: dict[str, Purchase] = field(default_factory=dict)
    credits: list[tuple[datetime, Decimal]] = field(default_factory=list)


def read_file() -> dict[str, Person]:
    """Everyone in the file with their purchases, less what was cancelled (docs/domain.md 4, "What counts")."""
    people: dict[str, Person] = {}
    cancellations = []
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
            cancelled = row["InvoiceNo"].startswith("C")
            if not row["CustomerID"] or price < 0 or (quantity < 0 and not cancelled):
                continue
            at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=LONDON)
            person = people.setdefault(row["CustomerID"], Person(at))
            person.since = min(person.since, at)
            if cancelled:
                cancellations.append((at, row["InvoiceNo"], number, person, row["StockCode"], price, -quantity))
                continue
            purchase = person.purchases.setdefault(row["InvoiceNo"], Purchase(row["InvoiceNo"]))
            purchase.lines.append(Line(row["StockCode"], price, quantity, at))
            purchase.sold.append((at, quantity * price))
    for at, _invoice, _number, person, product, price, quantity in sorted(cancellations, key=lambda each: each[:3]):
        cancel(person, at, product, price, quantity)
    return people


def cancel(person: Person, at: datetime, product: str, price: Decimal, quantity: int) -> None:
    for purchase in sorted(person.purchases.values(), key=lambda each: (each.at, each.number), reverse=True):
        if purchase.at < at:
            for line in purchase.lines:
                if (line.product, line.price) == (product, price) and line.quantity >= quantity:
                    line.quantity -= quantity
                    purchase.given_back.append((at, quantity * price))
                    return
    person.credits.append((at, quantity * price))


def months_back(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


@dataclass
class Figures:
    last: datetime | None
    orders: int
    orders_year: int
    revenue: Decimal
    stage: str


def figures(person: Person, as_of: datetime) -> Figures:
    counted = [each for each in person.purchases.values() if each.at < as_of and each.value(as_of) > 0]
    revenue = sum((each.value(as_of) for each in person.purchases.values()), Decimal(0))
    revenue -= sum((value for at, value in person.credits if at < as_of), Decimal(0))
    last = max((each.at for each in counted), default=None)
    year = months_back(as_of, 12)
    if person.since >= as_of:
        stage = ""
    elif last is None:
        stage = "3"
    else:
        stage = "5" if last >= as_of - timedelta(days=365) else "6"
    return Figures(last, len(counted), sum(each.at >= year for each in counted), revenue, stage)


def thresholds(seen: Figures, as_of: datetime) -> tuple[int, int, int]:
    assert seen.last
    r = 5 - sum(seen.last < months_back(as_of, months) for months in (1, 3, 6, 12))
    f = 1 + sum(seen.orders_year >= least for least in (2, 4, 6, 12))
    average = seen.revenue / seen.orders
    m = 1 + sum(average >= bound for bound in BOUNDS[:3]) + (average > BOUNDS[3])
    return r, f, m


def fifths(ranked: list) -> list[tuple[int, list]]:
    size, larger = divmod(len(ranked), 5)
    ends = [0]
    for number in range(5):
        ends.append(ends[-1] + size + (number < larger))
    return [(number + 1, ranked[ends[number] : ends[number + 1]]) for number in range(5)]


def nested(seen: dict[str, Figures], ids: dict[str, int]) -> dict[str, tuple[int, int, int]]:
    found = {}
    buyers = [name for name, each in seen.items() if each.orders]
    for r, in_r in fifths(sorted(buyers, key=lambda n: (seen[n].last, seen[n].orders, seen[n].revenue, ids[n]))):
        for f, in_f in fifths(sorted(in_r, key=lambda n: (seen[n].orders, seen[n].revenue, ids[n]))):
            for m, in_m in fifths(sorted(in_f, key=lambda n: (seen[n].revenue, ids[n]))):
                found |= dict.fromkeys(in_m, (r, f, m))
    return found


def exported(model: str, day: date) -> dict[str, dict[str, str]]:
    out = io.StringIO()
    call_command("export_scores", model=model, as_of=day, stdout=out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [row["customer"] for row in rows] == sorted(row["customer"] for row in rows)
    return {row["customer"]: row for row in rows}


@pytest.mark.django_db
def test_every_customer_has_the_scores_that_plain_python_finds():
    people = read_file()
    import_file(FILE, "online-retail")
    ids = dict(CustomerReference.objects.values_list("external_id", "customer_id"))
    assert ids.keys() == people.keys()
    for day in (date(2011, 12, 10), date(2011, 6, 1), date(2010, 12, 1), date(2010, 11, 1)):
        as_of = datetime(day.year, day.month, day.day, tzinfo=LONDON)
        seen = {name: figures(person, as_of) for name, person in people.items()}
        ranked = nested(seen, ids)
        statistical, threshold = exported("statistical", day), exported("threshold", day)
        assert statistical.keys() == threshold.keys() == people.keys()
        for name, each in seen.items():
            last = each.last.isoformat() if each.last else ""
            by_rank, by_bound = statistical[name], threshold[name]
            assert (
                (by_rank["last_order"], by_rank["stage"])
                == (by_bound["last_order"], by_bound["stage"])
                == (last, each.stage)
            )
            assert (int(by_rank["orders"]), Decimal(by_rank["monetary"])) == (each.orders, each.revenue)
            assert int(by_bound["orders"]) == each.orders_year
            assert classes(by_rank) == ranked.get(name)
            assert classes(by_bound) == (thresholds(each, as_of) if each.orders else None)
            if each.orders:
                assert abs(Decimal(by_bound["monetary"]) - each.revenue / each.orders) < Decimal("1e-12")
    assert sum(bool(each.orders) for each in seen.values()) == 0  # nothing had happened by then
    call_command("rescore", full=True, stdout=io.StringIO())
    assert differences() == dict.fromkeys(KINDS, 0)


def classes(row: dict[str, str]) -> tuple[int, int, int] | None:
    return (int(row["r"]), int(row["f"]), int(row["m"])) if row["r"] else None
