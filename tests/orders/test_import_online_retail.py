"""The whole Online Retail file, beside an independent computation in plain Python.

Extra: runs where the file is found (REGULARS_SHARED, or shared/ beside this folder) and says so where it is not.
"""

import csv
import gzip
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Count, Sum

from crm.models import Customer, Import, Shop
from orders.models import Order, OrderLine, Product
from tests.orders.importing import import_file

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(os.environ.get("REGULARS_SHARED", ROOT.parent / "shared")) / "data/online_retail/online_retail.csv.gz"
LONDON = ZoneInfo("Europe/London")

pytestmark = [
    pytest.mark.skipif(not FILE.exists(), reason=f"EXTRA TEST NOT RUN: the Online Retail file is not at {FILE}"),
    pytest.mark.slow,
]


class Expected:
    """What the rules of docs/domain.md 4 make of the file, one row after the other."""

    def __init__(self) -> None:
        self.lines = 0
        self.rejected: list[tuple[int, str, str]] = []
        self.customers: dict[str, datetime] = {}  # id → earliest row
        self.products: set[str] = set()
        self.orders: dict[str, list] = {}  # invoice → [customer, placed at, lines as [code, price, left]]
        self.returns: set[str] = set()
        self.credits: set[str] = set()
        self.returned: dict[str, Decimal] = defaultdict(Decimal)  # invoice of the order → money
        self.credited: dict[str, Decimal] = defaultdict(Decimal)  # customer → money
        self.sold: dict[str, Decimal] = defaultdict(Decimal)
        cancellations = []
        with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                self.lines += 1
                if back := self.take(number, row):
                    cancellations.append(back)
        for back in sorted(cancellations):
            self.give_back(*back)

    def take(self, number: int, row: dict[str, str]) -> tuple | None:
        invoice, code, customer = row["InvoiceNo"], row["StockCode"], row["CustomerID"]
        quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
        cancelled = invoice.startswith("C")
        if price < 0:
            self.rejected.append((number, row["UnitPrice"], "negative_price"))
            return None
        if quantity < 0 and not cancelled:
            self.rejected.append((number, row["Quantity"], "stock_adjustment"))
            return None
        at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=LONDON)
        self.products.add(code)
        if customer:
            self.customers[customer] = min(at, self.customers.get(customer, at))
        if cancelled:
            return at, invoice, number, customer, code, price, -quantity
        order = self.orders.setdefault(invoice, [customer, at, []])
        order[1] = min(order[1], at)
        order[2].append([code, price, quantity])
        self.sold[invoice] += quantity * price
        return None

    def give_back(
        self, at: datetime, invoice: str, number: int, customer: str, code: str, price: Decimal, quantity: int
    ) -> None:
        for found in self.orders_of(customer, at):
            for line in self.orders[found][2]:
                if line[:2] == [code, price] and line[2] >= quantity:
                    line[2] -= quantity
                    self.returned[found] += quantity * price
                    self.returns.add(invoice)
                    return
        self.credited[customer] += quantity * price
        self.credits.add(invoice)

    def orders_of(self, customer: str, before: datetime) -> Iterator[str]:
        if not customer:
            return
        if not hasattr(self, "by_customer"):
            self.by_customer = defaultdict(list)
            for invoice, (whose, at, _lines) in self.orders.items():
                self.by_customer[whose].append((at, invoice))
            for found in self.by_customer.values():
                found.sort(reverse=True)
        yield from (invoice for at, invoice in self.by_customer[customer] if at < before)


@pytest.fixture(scope="module")
def expected() -> Expected:
    return Expected()


@pytest.mark.django_db
def test_the_whole_file_comes_in_with_the_counts_values_and_reasons_that_plain_python_finds(expected: Expected) -> None:
    work = import_file(FILE, "online-retail")

    result = work.result
    assert result["lines"] == expected.lines == 541_909
    assert result["orders"] == len(expected.orders) == Order.objects.count()
    assert result["anonymous_orders"] == sum(not order[0] for order in expected.orders.values())
    assert result["returns"] == len(expected.returns)
    assert result["credits"] == len(expected.credits)
    assert result["customers"] == len(expected.customers) == Customer.objects.count() == 4372
    assert result["products"] == len(expected.products) == Product.objects.count()
    assert result["created"] == {name: result[name] for name in ("orders", "customers", "products")}
    assert result["changed"] == 0
    assert (result["currency"], result["timezone"]) == ("GBP", "Europe/London")
    assert (Shop.current().currency, Shop.current().timezone) == ("GBP", "Europe/London")

    assert list(work.rejections.order_by("line").values_list("line", "value", "problem")) == expected.rejected
    assert Counter(problem for _line, _value, problem in expected.rejected) == {
        "stock_adjustment": 1336,
        "negative_price": 2,
    }

    values = dict(Order.objects.with_value().values_list("external_id", "value"))
    assert values == {number: expected.sold[number] - expected.returned[number] for number in expected.orders}
    placed = dict(Order.objects.values_list("external_id", "placed_at"))
    assert placed == {number: order[1] for number, order in expected.orders.items()}
    credits = (
        OrderLine.objects.filter(kind="credit").values_list("customer__references__external_id").annotate(Sum("value"))
    )
    assert {whose or "": -value for whose, value in credits} == expected.credited

    registered = Customer.objects.values_list("references__external_id", "registered_at")
    assert dict(registered) == expected.customers
    assert list(Customer.objects.order_by("id").values_list("references__external_id", flat=True)) == sorted(
        expected.customers
    )
    in_order = list(Order.objects.order_by("id").values_list("placed_at", "external_id"))
    assert in_order == sorted(in_order)
    assert (
        Customer.objects.filter(events__kind="order_placed").aggregate(n=Count("events"))["n"]
        == result["orders"] - result["anonymous_orders"]
    )
    assert Import.objects.get().state == "done"
