"""bin/manage restore FILE (config/backup.py)."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backup import BackupError, Database, restore


class Command(BaseCommand):
    help = "Put a backup in the place of everything in the database. Stop web, workers, beat and collector first."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--into", metavar="URL", help="another database than the one in use: postgres://…")
        parser.add_argument("--replace", action="store_true", help="what the database holds now may be lost")

    def handle(self, *args: Any, file: Path, into: str | None, replace: bool, **options: Any) -> None:
        try:
            restore(Database.at(into) if into else Database.ours(), file, replace=replace)
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Restored. Sending is held until someone releases it on the settings page.")
