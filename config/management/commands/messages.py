"""bin/manage messages: what the translations lack; writes and compiles them (config/messages.py)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import messages


class Command(BaseCommand):
    help = "Say which texts the translations lack, have too much, or state with other placeholders."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--check", action="store_true", help="compare and fail on a difference (the default)")
        action.add_argument("--write", action="store_true", help="add new texts with an empty translation, drop unused")
        action.add_argument("--compile", action="store_true", help="make the .mo files that Django reads")
        parser.add_argument("--warn", action="store_true", help="with --check: say it, but do not fail")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["compile"]:
            messages.compile_all()
            return
        if options["write"]:
            for path in messages.languages().values():
                messages.write(path)
            return
        same = [self._compare(language) for language in messages.languages()]
        if not all(same) and not options["warn"]:
            raise CommandError("Translations differ from the texts: bin/manage messages --write adds what is missing.")

    def _compare(self, language: str) -> bool:
        difference = messages.compare(messages.languages()[language])
        for what, texts in vars(difference).items():
            if texts:
                self.stdout.write(f"{language}: {len(texts)} {what}")
                for text in texts:
                    self.stdout.write(f"    {text}")
        return not any(vars(difference).values())
