"""Carry out an import: one transaction from the staging table to the derived events, so that a stop or a fault leaves nothing half done."""

from contextlib import suppress
from pathlib import Path
from time import sleep

import structlog
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from psycopg import sql as composed

from crm import events, imports, sql
from crm.imports import customers, formats, shop
from crm.imports.job import Job
from crm.imports.presets import presets
from crm.imports.progress import Progress, Stopped
from crm.imports.reader import BadFile, Source
from crm.imports.staging import cells, stage
from crm.locks import AlreadyRunning, take
from crm.models import Import, Shop
from crm.models.customer import mark_changed
from crm.models.imports import ImportState
from crm.scoring import rescore
from crm.segments import refresh

log = structlog.get_logger()

WAITING = gettext_noop("Waiting for another import")
LOOKING = gettext_noop("Looking at the file")
READING = gettext_noop("Reading rows")
CHECKING = gettext_noop("Checking rows")
CUSTOMERS = gettext_noop("Finding customers")
EVENTS = gettext_noop("Writing the time line")
FINISHING = gettext_noop("Finishing")
SCORING = gettext_noop("Scoring customers")


class _OnlyTried(Exception):
    """Takes back what a dry run wrote."""


def carry_out(work: Import, path: Path, *, score: bool = True) -> None:
    """Import the file, then score everybody. Afterwards `work` is done, failed (its `error` says why) or stopped.

    One that another process has in hand, or that has ended, is left alone. score: False leaves the customers to beat.
    """
    with Progress.of(work.pk) as progress:
        try:
            with transaction.atomic():
                if not _claim(work, progress):
                    return
                changed = _import(work, path, progress)
        except BadFile as problem:
            _end(work, ImportState.FAILED, str(problem))
        except (Stopped, KeyboardInterrupt):
            _end(work, ImportState.STOPPED)
        except Exception:
            _end(work, ImportState.FAILED, _("Something went wrong here, and nothing was imported. The log says what."))
            raise
        else:
            if score and changed and not work.dry_run:
                with suppress(Stopped):  # too late: it is done
                    progress.begin(SCORING)
                _rescore()


def _claim(work: Import, progress: Progress) -> bool:
    """Take this import in hand, then wait until no other one writes."""
    if not take(f"crm.import:{work.pk}"):
        return False
    work.refresh_from_db()
    if work.state not in (ImportState.WAITING, ImportState.RUNNING):
        return False
    progress.start()
    progress.begin(WAITING)
    while not take("crm.imports"):
        sleep(0.2)
        progress.tell(0, 0)
    return True


def _import(work: Import, path: Path, progress: Progress) -> list[int]:
    """The whole way of a file. Returns the customers whose behaviour changed."""
    changed: list[int] = []
    with connection.cursor() as cursor:
        cursor.execute("set local work_mem = '128MB'")
        job = _read(work, path, progress, cursor)
        progress.begin(CHECKING)
        formats.read(job)
        job.kind.check(job)
        _leave_out(job)
        _prepare_months(job)
        try:
            with transaction.atomic():
                changed = _write(job)
                if work.dry_run:
                    raise _OnlyTried
        except _OnlyTried:
            pass
        progress.begin(FINISHING)
        _keep_rejections(job)
        cursor.execute("set constraints all immediate")
    work.state = ImportState.DONE
    work.finished_at = timezone.now()
    work.result = _result(job)
    work.save(update_fields=["state", "finished_at", "result"])
    return changed


def _read(work: Import, path: Path, progress: Progress, cursor: object) -> Job:
    preset = presets()[work.preset]
    kind = imports.kinds[preset.kind]
    progress.begin(LOOKING)
    source = Source.of(path)
    job = Job(
        work=work,
        kind=kind,
        preset=preset,
        source=source,
        places=preset.match(source.header, work.options.get("map", {})),
        progress=progress,
        cursor=cursor,  # type: ignore[arg-type]
        shop=Shop.current(),
        is_first=shop.is_empty(kind),
        currency="",
        timezone="",
    )
    progress.begin(READING)
    job.counts["lines"] = stage(job.cursor, source, job.places, kind.fields, progress)
    if not job.counts["lines"]:
        raise BadFile(_("The file has a header but no rows. Export it again with its rows."))
    job.currency, job.timezone = shop.currency_of(job), shop.timezone_of(job)
    return job


def _leave_out(job: Job) -> None:
    job.run("imports/left_out")
    job.counts["rejected"] = job.count("select count(*) from import_rejected")


def _prepare_months(job: Job) -> None:
    """Have the months of the time line made before the writing, and at once: a month that is made holds up everybody's
    time line until its transaction ends. Where another transaction is in the way, `events.derive` makes them later.
    """
    job.cursor.execute("select distinct date_trunc('month', at at time zone 'UTC')::date from import_line order by 1")
    months = job.cursor.fetchall()
    with suppress(OperationalError), job.progress.aside.cursor() as cursor:
        cursor.execute("set lock_timeout = '1s'")
        for month in months:
            cursor.execute("select crm_event_partition(%s)", month)


def _write(job: Job) -> list[int]:
    if job.is_first and job.counts["lines"] > job.counts["rejected"]:
        shop.take_over(job)
    job.progress.begin(CUSTOMERS)
    updated = customers.find_or_create(job)
    mark_changed(updated)
    changed = job.kind.write(job)
    if changed:
        job.progress.begin(EVENTS)
        # In a shop that was empty these are all there are.
        events.derive(job.kind.app, None if job.is_first else changed)
    return changed + updated


def _keep_rejections(job: Job) -> None:
    """Each row that was left out, with the cell that shows why and all its cells."""
    problems = {**imports.COMMON, **job.kind.problems}
    statement = composed.SQL(sql.statement("imports/keep_rejections")).format(cells=cells(job.source, job.places))
    job.cursor.execute(
        statement.as_string(job.cursor.connection),
        {
            "work": job.work.pk,
            "problems": list(problems),
            "fields": [problem.field for problem in problems.values()],
        },
    )


def _result(job: Job) -> dict[str, object]:
    """What the command prints as JSON, but for the list of rejected rows."""
    return {
        "lines": job.counts["lines"],
        **{name: job.counts[name] for name in job.kind.counted},
        "created": {name: job.created[name] for name in job.kind.created},
        "changed": job.counts["changed"],
        "rejected": job.counts["rejected"],
        "currency": job.currency,
        "timezone": job.timezone,
        "set_shop": job.is_first and job.counts["lines"] > job.counts["rejected"],
        "header": job.source.header,
    }


def _end(work: Import, state: ImportState, error: str = "") -> None:
    work.state, work.error, work.finished_at = state, error, timezone.now()
    work.save(update_fields=["state", "error", "finished_at"])


def _rescore() -> None:
    """Have the heat map and the segments show what came in, at once. Where another process scores now, beat does it within a minute."""
    with suppress(AlreadyRunning):
        rescore.rescore()
        refresh.refresh_all()
