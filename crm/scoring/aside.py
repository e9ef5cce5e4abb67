"""Scores computed aside: as of any date, without a trace in the shop's own (docs/decisions/0003)."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import TextIO

from django.db import connection, transaction

from crm import sql
from crm.models import ScoringModel, Shop
from crm.models.score import Method
from crm.scoring.rescore import View, rank, roomy, score

COLUMNS = ["customer", "last_order", "orders", "monetary", "r", "f", "m", "stage"]


@contextmanager
def aside() -> Iterator[None]:
    """Within it, crm_facts and crm_score are empty tables of this transaction, for SQL and for the ORM alike."""
    with transaction.atomic(), connection.cursor() as cursor:
        sql.run(cursor, "scoring/aside")
        yield
        cursor.execute("drop table pg_temp.crm_facts, pg_temp.crm_score")


def start_of(day: date) -> datetime:
    """As of a day is all that happened before it began on the shop's clocks."""
    return datetime.combine(day, time(), Shop.current().zone)


def export(model: ScoringModel, as_of: datetime, out: TextIO) -> int:
    """Write every identified customer's figures and classes in `model` as of then, as csv. Returns how many."""
    zone = Shop.current().zone
    rows = 0
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    with aside(), roomy():
        score(View(as_of))
        rank()
        with connection.chunked_cursor() as cursor:
            sql.run(cursor, "scoring/export", model=model.pk)
            while batch := cursor.fetchmany(5000):
                for customer, last_order, orders, orders_year, revenue, *classes in batch:
                    if model.method == Method.STATISTICAL:
                        figures = [orders, plain(revenue)]
                    else:
                        figures = [orders_year, plain(revenue / orders) if orders else ""]
                    placed = last_order.astimezone(zone).isoformat() if last_order else ""
                    writer.writerow([customer, placed, *figures, *classes])
                    rows += 1
    return rows


def plain(amount: Decimal) -> str:
    """1250.5: unrounded, without an exponent or idle zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
