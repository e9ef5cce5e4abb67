"""Work `import`: a file of orders through the whole import, beside a bare COPY of the rows it made into the same indexed tables."""

import io
from pathlib import Path
from time import perf_counter

from django.db import connection, transaction

from crm.imports import engine
from crm.models import Import

# In the order in which they can be written; columns that the database computes are left out.
TABLES = [
    "crm_customer",
    "crm_customerreference",
    "orders_category",
    "orders_product",
    "orders_order",
    "orders_orderline",
    "crm_event",
]


def ours(file: Path, preset: str) -> tuple[int, float]:
    """Import the file into an empty shop. Returns the rows read and the seconds."""
    work = Import.objects.create(preset=preset, file_name=file.name)
    begin = perf_counter()
    engine.carry_out(work, file, score=False)
    seconds = perf_counter() - begin
    work.refresh_from_db()
    return work.result["lines"], seconds


def limit() -> float:
    """Take out what is there, then time one transaction that copies it in again, checks of foreign keys included."""
    kept = [(table, _columns(table)) for table in TABLES]
    taken = [(table, columns, _taken(table, columns)) for table, columns in kept]
    empty()
    connection.close()  # a new session, which has not planned the checks of foreign keys for other sizes
    begin = perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        # Autovacuum, which sees none of these rows yet, must not tell the checks of foreign keys that the tables are empty.
        cursor.execute(f"lock table {', '.join(TABLES)} in share update exclusive mode")
        for table, columns, rows in taken:
            with cursor.copy(f"copy {table} ({columns}) from stdin (format binary)") as copy:
                while block := rows.read(1 << 20):
                    copy.write(block)
        cursor.execute("set constraints all immediate")
    return perf_counter() - begin


def empty() -> None:
    """A shop without customers and orders."""
    with connection.cursor() as cursor:
        cursor.execute(f"truncate {', '.join(TABLES)}, crm_due, crm_import restart identity cascade")


def _columns(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
            [table],
        )
        return str(cursor.fetchone()[0])


def _taken(table: str, columns: str) -> io.BytesIO:
    rows = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy (select {columns} from {table} order by id) to stdout (format binary)") as copy,
    ):
        for block in copy:
            rows.write(block)
    rows.seek(0)
    return rows
