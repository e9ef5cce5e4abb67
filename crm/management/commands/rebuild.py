"""bin/manage rebuild [--check] [--json]"""

import json
import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from crm.locks import AlreadyRunning
from crm.scoring.rebuild import differences, rebuild


class Command(BaseCommand):
    help = (
        "Make derived events, facts, scores, stages and segments anew from source rows; "
        "with --check write nothing, say how many rows differ, and end with 1 if any does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare only")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *, check: bool, json: bool, **options: object) -> None:
        try:
            found = differences() if check else rebuild()
        except AlreadyRunning as busy:
            raise CommandError(str(busy)) from busy
        self.stdout.write(as_json(found) if json else "\n".join(f"{kind:<10} {n:>10,}" for kind, n in found.items()))
        if check and any(found.values()):
            self.stderr.write("These rows differ from what a rebuild would make: run rebuild without --check.")
            sys.exit(1)


def as_json(found: dict[str, int]) -> str:
    return json.dumps(found)
