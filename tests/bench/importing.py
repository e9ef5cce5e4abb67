"""A file of orders through the whole import, beside a bare COPY of the rows it made into the same indexed tables.

Both are taken back at the end, so that the shop of the bench stays as it is.
"""

import csv
import gc
import io
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection, transaction

from crm.imports import engine
from crm.models import Import, Shop
from tests.bench.measure import Row, in_turns

LINES_A_CUSTOMER = 5
MOST_LINES = 1_000_000
# In the order in which they can be written.
TABLES = ["crm_customer", "crm_customerreference", "orders_product", "orders_order", "orders_orderline", "crm_event"]
ROWS_OUT = "copy (select {columns} from {table} where id > {mark} order by id) to stdout (format binary)"


def import_orders(scale: int) -> Iterator[Row]:
    with TemporaryDirectory(prefix="regulars-bench-") as folder:
        file = Path(folder) / "orders.csv"
        write_file(file, scale)
        with taken_back():
            marks = {table: _last_id(table) for table in TABLES}
            import_file(file)
            rows = [(table, *_rows_after(table, mark)) for table, mark in marks.items()]
        ours, limit = in_turns(
            lambda: _taken_back(lambda: import_file(file)), lambda: _taken_back(lambda: copy(rows)), rounds=2
        )
    yield Row("import", scale, ours, limit, "s", 2.0)


def write_file(file: Path, scale: int) -> None:
    """Lines of a gift shop's orders over two years: two to eight an order, one cancellation in fifty, the same for the same scale."""
    chance = random.Random(scale)
    customers = max(min(scale, MOST_LINES // LINES_A_CUSTOMER), 1)
    products = [(f"BENCH{n}", f"Product {n}", str(chance.randrange(20, 400) * 5000)) for n in range(2000)]
    lines, number, at = customers * LINES_A_CUSTOMER, 0, datetime(2024, 1, 1)
    step = timedelta(days=730) / lines
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["order id", "customer id", "date", "sku", "product", "quantity", "price", "country", "kind"])
        while lines > 0:
            number += 1
            who, back = f"B{int(customers * chance.random() ** 2)}", chance.random() < 0.02
            for _ in range(min(lines, chance.randint(2, 8))):
                lines -= 1
                at += step
                sku, name, price = chance.choice(products)
                kind = "return" if back else "sale"
                writer.writerow(
                    [number, who, f"{at:%Y-%m-%d %H:%M:%S}", sku, name, chance.randint(1, 6), price, "Việt Nam", kind]
                )


def import_file(file: Path) -> None:
    """Everything but the rescore, which has a work of its own."""
    work = Import.objects.create(preset="generic", file_name=file.name, options={"currency": Shop.current().currency})
    engine.carry_out(work, file, score=False)
    work.refresh_from_db()
    if work.state != "done" or work.result["rejected"]:
        raise SystemExit(f"The file of the bench was not imported whole: {work.error} {work.result}")


def copy(rows: list[tuple[str, str, io.BytesIO]]) -> None:
    with connection.cursor() as cursor:
        # Autovacuum, which sees none of these rows yet, must not tell the checks of foreign keys that the tables are empty.
        cursor.execute(f"lock table {', '.join(TABLES)} in share update exclusive mode")
        for table, columns, data in rows:
            data.seek(0)
            with cursor.copy(f"copy {table} ({columns}) from stdin (format binary)") as into:
                while block := data.read(1 << 20):
                    into.write(block)
        cursor.execute("set constraints all immediate")


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    connection.close()  # the next one plans its checks of foreign keys anew
    gc.collect()


def _taken_back(work: Callable[[], None]) -> None:
    with taken_back():
        work()


def _last_id(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select coalesce(max(id), 0) from {table}")
        return int(cursor.fetchone()[0])


def _rows_after(table: str, mark: int) -> tuple[str, io.BytesIO]:
    """The names of the columns that are not computed, and the rows."""
    data = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.execute(
            "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
            [table],
        )
        columns = str(cursor.fetchone()[0])
        with cursor.copy(ROWS_OUT.format(columns=columns, table=table, mark=mark)) as out:
            for block in out:
                data.write(block)
    return columns, data
