"""What cells stand for: dates, numbers and words. Each different cell is read once, from `import_cell` into `import_value`.

A file has one order of day and month, and a column one decimal sign; both are proved on all rows, or asked for.
"""

from collections.abc import Iterable

from babel.numbers import get_currency_precision
from django.utils.translation import gettext as _
from psycopg import sql as composed

from crm import sql
from crm.imports import countries
from crm.imports.job import Job
from crm.imports.reader import BadFile

POINT, COMMA = "point", "comma"
DAY_FIRST, MONTH_FIRST = "dmy", "mdy"


def read(job: Job) -> None:
    """Fill `import_value`. Raises BadFile where dates or numbers can be read in two ways."""
    kind, columns = job.kind, job.places
    _collect(job, [*kind.dates, *kind.numbers, *kind.words])
    for field, sign in _decimal_signs(job).items():
        sql.run(job.cursor, "imports/read_numbers", field=field, comma=sign == COMMA)
    month_first = _order_of_dates(job) == MONTH_FIRST
    for field in filter(columns.__contains__, kind.dates):
        sql.run(job.cursor, "imports/read_dates", field=field, month_first=month_first, timezone=job.timezone)
    for field in filter(columns.__contains__, kind.words):
        _read_words(job, field)
    job.cursor.execute("analyze import_value")


def _collect(job: Job, fields: Iterable[str]) -> None:
    job.cursor.execute(
        "create temp table import_cell (field text, cell text) on commit drop;"
        "create temp table import_value (field text, cell text, number numeric, at timestamptz, word text, plain text) on commit drop"
    )
    for field in filter(job.places.__contains__, fields):
        statement = composed.SQL(
            "insert into import_cell (field, cell) select distinct {name}, {column} from import_row where {column} is not null"
        ).format(name=composed.Literal(field), column=composed.Identifier(field))
        job.cursor.execute(statement.as_string(job.cursor.connection))
    job.cursor.execute("analyze import_cell")


def _decimal_signs(job: Job) -> dict[str, str]:
    """Field → POINT or COMMA: what its own cells prove, else the other columns', else a currency without decimals."""
    fields = [field for field in job.kind.numbers if field in job.places]
    if told := job.options.get("numbers") or job.preset.numbers:
        return dict.fromkeys(fields, told)
    signs: dict[str, str] = {}
    undecided: dict[str, tuple[str | None, str | None]] = {}
    for field, point, comma, open_point, open_comma in sql.run(
        job.cursor, "imports/number_evidence", fields=fields
    ).fetchall():
        if point and comma:
            raise BadFile(
                _(
                    "Column “%(column)s”: “%(one)s” has a decimal point and “%(other)s” a decimal comma. "
                    "Say which counts under “Numbers like 1.250” (or with --numbers point or comma); "
                    "rows that do not fit are then left out."
                )
                % {"column": job.header(field), "one": point, "other": comma}
            )
        if point or comma:
            signs[field] = POINT if point else COMMA
        elif open_point or open_comma:
            undecided[field] = (open_point, open_comma)
    for field, (open_point, open_comma) in undecided.items():
        sign = _sign_by_others(job, set(signs.values()), open_point, open_comma)
        if not sign:
            raise BadFile(
                _(
                    "Column “%(column)s”: “%(cell)s” can be read in two ways, and no other row decides. "
                    "Say what the decimal sign is under “Numbers like 1.250” (or with --numbers point or comma)."
                )
                % {"column": job.header(field), "cell": open_point or open_comma}
            )
        signs[field] = sign
    return {field: signs.get(field, POINT) for field in fields}


def _sign_by_others(job: Job, others: set[str], open_point: str | None, open_comma: str | None) -> str | None:
    if len(others) == 1:
        return others.pop()
    if get_currency_precision(job.currency) == 0 and not (open_point and open_comma):
        return COMMA if open_point else POINT
    return None


def _order_of_dates(job: Job) -> str:
    if told := job.options.get("dates"):
        return str(told)
    day, month, undecided = sql.one(job.cursor, "imports/date_evidence", fields=list(job.kind.dates))
    if day and month:
        raise BadFile(
            _(
                "The dates “%(one)s” and “%(other)s” cannot both be read. Say under “Dates like 03/04/2026” (or with "
                "--dates dmy or mdy) whether the day or the month stands first; rows that do not fit are then left out."
            )
            % {"one": day, "other": month}
        )
    if undecided and not (day or month):
        raise BadFile(
            _(
                "The date “%(cell)s” can be read in two ways, and no other row decides. "
                "Say under “Dates like 03/04/2026” (or with --dates dmy or mdy) whether the day or the month stands first."
            )
            % {"cell": undecided}
        )
    return MONTH_FIRST if month else DAY_FIRST


def _read_words(job: Job, field: str) -> None:
    job.cursor.execute("select cell from import_cell where field = %s", [field])
    known = [
        (cell, word)
        for (cell,) in job.cursor.fetchall()
        if (word := countries.code(cell) if field == "country" else job.preset.meaning(field, cell)) is not None
    ]
    job.cursor.execute(
        "insert into import_value (field, cell, word) select %s, k.cell, k.word from unnest(%s::text[], %s::text[]) k(cell, word)",
        [field, [cell for cell, _word in known], [word for _cell, word in known]],
    )
