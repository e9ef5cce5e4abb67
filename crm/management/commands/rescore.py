"""bin/manage rescore [--full] [--json]"""

import json
from argparse import ArgumentParser
from dataclasses import asdict, replace
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.locks import AlreadyRunning
from crm.scoring.rescore import rank_if_stale, rescore, rescore_due


class Command(BaseCommand):
    help = "Make facts, scores and stages true as of now: of the customers whose behaviour changed, or (--full) of everybody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="look at everybody")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *, full: bool, json: bool, **options: object) -> None:
        try:
            if full:
                result = rescore()
            else:
                result = rescore_due()
                if not result.statistical.looked_at:
                    result = replace(result, statistical=rank_if_stale(at_most_every=timedelta(0)))
        except AlreadyRunning as busy:
            raise CommandError(str(busy)) from busy
        self.stdout.write(as_json(asdict(result)) if json else sentences(asdict(result)))


def as_json(result: dict[str, dict[str, float]]) -> str:
    return json.dumps({kind: {**step, "seconds": round(step["seconds"], 3)} for kind, step in result.items()})


def sentences(result: dict[str, dict[str, float]]) -> str:
    lines = [
        f"{kind:<12} looked at {step['looked_at']:>10,}  changed {step['changed']:>10,}  {step['seconds']:.2f} s"
        for kind, step in result.items()
    ]
    return "\n".join([f"Scored as of {timezone.now():%Y-%m-%d %H:%M} UTC.", *lines])
