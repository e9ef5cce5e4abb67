"""Named SQL statements, each a file beside the Python that runs it, with its reason in comments."""

from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from psycopg import sql as composed

FOLDERS = [Path(__file__).parent]


@cache
def statement(name: str) -> str:
    """The text of `<name>.sql` in the folder of this package (`scoring/facts` for a file in a folder of it)."""
    for folder in FOLDERS:
        path = folder / f"{name}.sql"
        if path.exists():
            return path.read_text()
    raise FileNotFoundError(name)


def run(cursor: CursorWrapper, name: str, *, view: str | None = None, **parameters: Any) -> CursorWrapper:
    """Run a named statement. `view` stands for `{view}` in it: a view that an app registered, never a user's text."""
    text = statement(name)
    if view is not None:
        text = composed.SQL(text).format(view=composed.Identifier(view)).as_string(connection.connection)
    cursor.execute(text, parameters)
    return cursor


def one(cursor: CursorWrapper, name: str, *, view: str | None = None, **parameters: Any) -> tuple[Any, ...]:
    """The single row of a named statement."""
    row: tuple[Any, ...] = run(cursor, name, view=view, **parameters).fetchone()
    return row


def keep(cursor: CursorWrapper, table: str, query: QuerySet[Any, Any], columns: list[str]) -> None:
    """Put what a query finds into a temporary table, for named statements to go on from; it is gone at the commit."""
    text, parameters = query.query.sql_with_params()
    names = composed.SQL(", ").join(map(composed.Identifier, columns))
    create = composed.SQL("create temporary table {} ({}) on commit drop as ").format(composed.Identifier(table), names)
    cursor.execute(composed.SQL("drop table if exists {}").format(composed.Identifier("pg_temp", table)))
    cursor.execute(create.as_string(connection.connection) + text, parameters)
