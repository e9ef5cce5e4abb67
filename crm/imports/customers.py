"""The customers of a file: found by their id there, by e-mail address or phone, or created; never with consent (docs/domain.md 5)."""

from crm import phones, sql
from crm.imports.job import Job


def find_or_create(job: Job) -> list[int]:
    """Give every customer of `import_line` a row of `import_customer` with its id here, and count them. Returns the changed ones."""
    cursor, source = job.cursor, job.preset.slug
    sql.run(cursor, "imports/customers_seen")
    _read_phones(job)
    job.run("imports/customers_known_by")
    sql.run(cursor, "imports/customers_referenced", source=source)
    # Those with an id first: a row with an address alone may then be found to be one of them.
    for known_by in ("id", "email", "phone"):
        sql.run(cursor, "imports/customers_matched", source=source, known_by=known_by)
        sql.run(cursor, "imports/customers_created", source=source, known_by=known_by)
    sql.run(cursor, "imports/customers_matched", source=source, known_by="phone")
    # Autovacuum sees none of the rows of an open transaction. Told of an empty table, Postgres would check foreign keys by the wrong index.
    cursor.execute("analyze crm_customer")
    sql.run(cursor, "imports/customers_updated")
    sql.run(cursor, "imports/customers_noted", source=source)
    cursor.execute(
        "select count(distinct id), count(distinct id) filter (where is_new), "
        "coalesce(array_agg(distinct id) filter (where is_changed), '{}') from import_customer"
    )
    job.counts["customers"], job.created["customers"], changed = cursor.fetchone()
    job.counts["changed"] += len(changed)
    return list(changed)


def _read_phones(job: Job) -> None:
    """Phones as they are stored (E.164); what is none is left empty, and the row taken all the same."""
    job.cursor.execute("select distinct phone from import_customer where phone <> ''")
    read = {cell: _parsed(cell, job.shop.country) for (cell,) in job.cursor.fetchall()}
    job.cursor.execute(
        "update import_customer c set phone = p.phone from unnest(%s::text[], %s::text[]) p(cell, phone) where c.phone = p.cell",
        [list(read), list(read.values())],
    )


def _parsed(cell: str, country: str) -> str:
    try:
        return phones.parse(cell, country)
    except ValueError:
        return ""
