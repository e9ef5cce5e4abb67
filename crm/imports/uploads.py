"""Files that staff send: looked at, kept under a name of ours until a worker has read them, then removed."""

from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import uuid4

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from crm.imports import engine
from crm.imports.presets import presets, recognised
from crm.imports.reader import BadFile, Source
from crm.models import Import, User
from crm.models.imports import ImportState


def look(file: UploadedFile, preset: str) -> str:
    """The kind of file it is: `preset`, or found by its columns where that is empty. Raises BadFile where it cannot be imported."""
    if (file.size or 0) > settings.IMPORT_MAX_UPLOAD:
        raise BadFile(
            _("The file is larger than %(limit)s MB. Pack it with gzip, or split it.")
            % {"limit": settings.IMPORT_MAX_UPLOAD // 2**20}
        )
    if isinstance(file, TemporaryUploadedFile):
        source = Source.of(Path(file.temporary_file_path()))
    else:
        with NamedTemporaryFile(prefix="regulars-") as copy:
            copy.writelines(file.chunks())
            copy.flush()
            source = Source.of(Path(copy.name))
    found = presets()[preset] if preset else recognised(source.header) or presets()["generic"]
    found.match(source.header, {})
    return found.slug


def keep(file: UploadedFile, preset: str, options: dict[str, str], dry_run: bool, by: User) -> Import:
    """Store the file and have a worker import it. The name it came with is kept as text alone."""
    file.seek(0)
    work = Import.objects.create(
        preset=preset,
        kind=presets()[preset].kind,
        file_name=(file.name or "")[:255],
        path=default_storage.save(f"imports/{uuid4()}", file),
        options=options,
        dry_run=dry_run,
        by=by,
    )
    start(work)
    return work


def start(work: Import) -> None:
    """Hand it to a worker; without a broker beat finds it within a minute."""
    from crm.tasks import run_import

    with suppress(OperationalError):
        run_import.delay(work.pk)


def start_all() -> None:
    """Imports that no worker has in hand: not begun, or left by a worker that died. One in hand is left alone by whoever comes second."""
    for work in Import.objects.filter(state__in=ImportState.under_way()).exclude(path=""):
        start(work)


def run(work: Import) -> None:
    try:
        engine.carry_out(work, Path(default_storage.path(work.path)))
    finally:
        work.refresh_from_db()
        if not work.is_under_way:
            default_storage.delete(work.path)
