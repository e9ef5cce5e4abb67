"""What an import says about the shop: the first one sets its currency and zone (docs/domain.md 1)."""

from decimal import Decimal
from zoneinfo import available_timezones

from babel.numbers import get_currency_precision, list_currencies
from django.utils.translation import gettext as _

from crm.imports import Kind
from crm.imports.job import Job
from crm.imports.reader import BadFile
from crm.models import Customer, ScoringModel

# Lowest average order value of classes 2, 3, 4 and the highest of class 4 (docs/domain.md 4, Table 6.4).
BOUNDS = [Decimal(10), Decimal(30), Decimal(50), Decimal(100)]
BOUNDS_VND = [Decimal(250_000), Decimal(750_000), Decimal(1_250_000), Decimal(2_500_000)]


def is_empty(kind: Kind) -> bool:
    return kind.is_empty() and not Customer.objects.exists()


def currency_of(job: Job) -> str:
    """The currency of amounts that name none: as told, as the kind of file has it, else the shop's.

    In an empty shop the one that most rows name comes before the shop's.
    """
    told = str(job.options.get("currency", "")).upper()
    if told and told not in list_currencies():
        raise BadFile(_("“%(code)s” is no currency. Write it as three letters, like VND or GBP.") % {"code": told})
    return told or job.preset.currency or (_most_named(job) if job.is_first else "") or job.shop.currency


def _most_named(job: Job) -> str:
    job.cursor.execute(
        "select upper(btrim(currency)) from import_row where upper(btrim(currency)) = any(%s) group by 1 order by count(*) desc, 1 limit 1",
        [sorted(list_currencies())],
    )
    row = job.cursor.fetchone()
    return row[0] if row else ""


def timezone_of(job: Job) -> str:
    told = job.options.get("timezone", "")
    if told and told not in available_timezones():
        raise BadFile(
            _("“%(name)s” is not a time zone. Write it like Asia/Ho_Chi_Minh or Europe/London.") % {"name": told}
        )
    return told or job.preset.timezone or job.shop.timezone


def take_over(job: Job) -> None:
    """Give an empty shop the currency and zone of its first file, and bounds that fit that currency."""
    job.shop.currency, job.shop.timezone = job.currency, job.timezone
    job.shop.save(update_fields=["currency", "timezone"])
    bounds = BOUNDS_VND if job.currency == "VND" else BOUNDS
    if job.currency == "VND" or get_currency_precision(job.currency) == 2:
        ScoringModel.objects.filter(slug="threshold", monetary_bounds__in=[BOUNDS, BOUNDS_VND]).update(
            monetary_bounds=bounds
        )
