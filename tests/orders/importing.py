"""Importing files in tests."""

from pathlib import Path

from crm.imports import engine
from crm.models import Import


def import_file(path: Path, preset: str = "generic", *, dry_run: bool = False, **options: object) -> Import:
    """Import a file as the command and the worker do, and return what came of it."""
    work = Import.objects.create(preset=preset, file_name=path.name, options=options, dry_run=dry_run)
    engine.carry_out(work, path)
    work.refresh_from_db()
    return work
