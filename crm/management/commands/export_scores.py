"""bin/manage export_scores --model statistical|threshold [--as-of DATE]"""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date

from django.core.management.base import BaseCommand
from django.utils import timezone

from crm.models import ScoringModel
from crm.models.score import Method
from crm.scoring.aside import export, start_of


class Command(BaseCommand):
    help = "Print every customer's figures and classes in a model as csv, as of now or of the start of a day. Writes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--model", choices=Method.values, required=True)
        parser.add_argument(
            "--as-of", type=day, help="YYYY-MM-DD: all that happened before that day began in the shop's zone"
        )

    def handle(self, *, model: str, as_of: date | None, **options: object) -> None:
        moment = start_of(as_of) if as_of else timezone.now()
        export(ScoringModel.objects.get(slug=model), moment, self.stdout)  # type: ignore[arg-type]


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is not a day. Write it like 2026-11-24.") from None
