"""The rows of a file as text in a temporary table `import_row`: a column a field, and one for every column without a field."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _
from psycopg import sql

from crm.imports.progress import Progress
from crm.imports.reader import BadFile, Source
from crm.sql import statement

CHUNK = 500  # few enough to stay in the processor's cache
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def stage(
    cursor: CursorWrapper, source: Source, places: Mapping[str, int], fields: Sequence[str], progress: Progress
) -> int:
    """Copy the file into `import_row` (line, ragged, then the columns of the file, then the fields it has not). Returns the number of rows.

    `ragged` holds the cells of a row that has more or fewer of them than the header, as JSON.
    """
    names = _column_names(source.header, places)
    absent = [name for name in fields if name not in places]
    definition = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in [*names, *absent])
    connection = cursor.connection
    cursor.execute(statement("imports/fresh"))
    cursor.execute(
        sql.SQL("create temp table import_row (line bigint, ragged text, {}) on commit drop")
        .format(definition)
        .as_string(connection)
    )
    into = sql.SQL("copy import_row (line, ragged, {}) from stdin (format text, null '')").format(
        sql.SQL(", ").join(map(sql.Identifier, names))
    )
    rows = 0
    with cursor.copy(into) as copy:
        records = source.records()
        while chunk := list(islice(records, CHUNK)):
            copy.write(_as_copy_text(chunk, len(names)))
            rows += len(chunk)
            progress.tell(rows, source.lines - 1)
    cursor.execute("analyze import_row")
    return rows


def cells(source: Source, places: Mapping[str, int]) -> sql.Composed:
    """The cells of a row of `import_row` as they stood in the file, as JSON."""
    names = _column_names(source.header, places)
    listed = sql.SQL(", ").join(sql.SQL("coalesce({}, '')").format(sql.Identifier(name)) for name in names)
    return sql.SQL("coalesce(ragged::jsonb, to_jsonb(array[{}]))").format(listed)


def _column_names(header: Sequence[str], places: Mapping[str, int]) -> list[str]:
    fields = {place: name for name, place in places.items()}
    return [fields.get(place, f"column_{place + 1}") for place in range(len(header))]


def _as_copy_text(chunk: list[tuple[int, list[str]]], width: int) -> str:
    """Lines of COPY's text format. Most chunks need no escapes, which counting the separators shows at once."""
    text = "\n".join([f"{line}\t\t" + "\t".join(row) for line, row in chunk if len(row) == width])
    rows = text.count("\n") + 1
    plain = rows == len(chunk) and text.count("\t") == rows * (width + 1)
    if plain and "\\" not in text and "\r" not in text and "\0" not in text:
        return text + "\n"
    return "".join(_escaped(chunk, width))


def _escaped(chunk: list[tuple[int, list[str]]], width: int) -> Iterator[str]:
    for line, row in chunk:
        if any("\0" in cell for cell in row):
            raise BadFile(
                _("Line %(line)s holds a byte that no text has (0x00). Export the file again as CSV.") % {"line": line}
            )
        surplus = row[width:]
        ragged = "" if len(row) >= width and not any(surplus) else json.dumps(row)
        kept = [""] * width if ragged else row[:width]
        yield "\t".join(cell.translate(ESCAPES) for cell in (str(line), ragged, *kept)) + "\n"
