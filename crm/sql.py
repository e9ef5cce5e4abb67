"""Named SQL statements, each a file beside the Python that runs it, with its reason in comments."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from psycopg import ClientCursor
from psycopg import sql as composed

COMMENT = re.compile(r"--.*")
FOLDERS = [Path(__file__).parent]


@cache
def statement(name: str) -> str:
    """The text of `<name>.sql` in the folder of this package (`scoring/facts` for a file in a folder of it)."""
    for folder in FOLDERS:
        path = folder / f"{name}.sql"
        if path.exists():
            return path.read_text()
    raise FileNotFoundError(name)


def run(
    cursor: CursorWrapper, name: str, *, view: str | None = None, asked: composed.SQL | None = None, **parameters: Any
) -> CursorWrapper:
    """Run a named statement. `view` stands for `{view}` in it: a view that an app registered, never a user's text.

    asked: stands for `{asked}`: a query that the ORM wrote (see `written`).
    """
    parts: dict[str, composed.Composable] = {}
    if view is not None:
        parts["view"] = composed.Identifier(view)
    if asked is not None:
        parts["asked"] = asked
    text = statement(name)
    if parts:
        # Without its comments: a value of a query may hold a line end, and what follows it would stand outside the comment.
        text = COMMENT.sub("", text)
        text = composed.SQL(text).format(**parts).as_string(connection.connection)
    cursor.execute(text, parameters)
    return cursor


def written(query: QuerySet[Any, Any]) -> composed.SQL:
    """The text of a query with its values in it, to stand in a named statement."""
    connection.ensure_connection()
    text, parameters = query.query.sql_with_params()
    return composed.SQL(ClientCursor(connection.connection).mogrify(text, parameters).replace("%", "%%"))


def one(cursor: CursorWrapper, name: str, *, view: str | None = None, **parameters: Any) -> tuple[Any, ...]:
    """The single row of a named statement."""
    row: tuple[Any, ...] = run(cursor, name, view=view, **parameters).fetchone()
    return row
