"""Fills an empty database with the demo shop."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from campaigns import results
from config.demo_shop import fair
from config.demo_shop.shop import DemoShop
from crm.scoring.rescore import rescore
from crm.segments.refresh import refresh_all


class Command(BaseCommand):
    help = "Fill an empty database with a believable shop: three years of customers, orders, campaigns and answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=int, default=5000, help="how many (default 5,000)")
        parser.add_argument("--seed", type=int, default=2026, help="the same seed makes the same shop")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            now = timezone.now()
            DemoShop(options["customers"], now=now, seed=options["seed"], say=self.stdout.write).fill()
        except ValueError as error:
            raise CommandError(str(error)) from error
        fair.import_file(now)
        self.stdout.write("Scoring everybody and refreshing the segments")
        rescore()
        refresh_all()
        results.refresh_due()
