"""bin/manage refresh_segments [--json]"""

import json
from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import BaseCommand

from crm.models import Segment
from crm.segments.refresh import in_order, refresh


class Command(BaseCommand):
    help = "Ask every segment's rules of all customers again, and say who entered and left."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *, json: bool, **options: object) -> None:
        results = {each.name: asdict(refresh(each)) for each in in_order(Segment.objects.order_by("name"))}
        if json:
            self.stdout.write(as_json(results))
            return
        for name, result in results.items():
            told = (
                result["error"]
                or f"{result['size']:,} customers, {result['entered']:,} came in, {result['left']:,} left"
            )
            self.stdout.write(f"{name}: {told}")


def as_json(results: dict[str, dict[str, object]]) -> str:
    return json.dumps(results, ensure_ascii=False)
