"""bin/manage import_orders FILE --preset online-retail|generic"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.imports import engine
from crm.imports.presets import presets
from crm.models import Import
from crm.models.imports import ImportState

SHOWN = 20  # rejected rows in the summary for people


class Command(BaseCommand):
    help = (
        "Import orders from a CSV file (.csv or .csv.gz). Rows that cannot be taken are left out and listed with line, value and "
        "reason. The same file again changes nothing. Ends with 2 if nothing was done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file")
        parser.add_argument(
            "--preset", choices=list(presets()), default="generic", help="the kind of file (default: generic)"
        )
        parser.add_argument("--currency", default="", help="of amounts that name none, like GBP")
        parser.add_argument("--timezone", default="", help="of times that name none, like Europe/London")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help="which column holds a field; may be repeated",
        )
        parser.add_argument(
            "--dates",
            choices=["dmy", "mdy"],
            default="",
            help="whether the day or the month stands first, where the rows do not prove it",
        )
        parser.add_argument(
            "--numbers", choices=["point", "comma"], default="", help="the decimal sign, where the rows do not prove it"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(_("There is no file %(path)s.") % {"path": path}, returncode=2)
        work = Import.objects.create(
            preset=options["preset"],
            file_name=path.name[:255],
            dry_run=options["dry_run"],
            options={
                "map": dict(_pair(text) for text in options["map"]),
                **{name: options[name] for name in ("currency", "timezone", "dates", "numbers")},
            },
        )
        engine.carry_out(work, path)
        work.refresh_from_db()
        if work.state == ImportState.DONE:
            self.stdout.write(
                json.dumps(_as_json(work), ensure_ascii=False, indent=1) if options["json"] else _summary(work)
            )
        if work.dry_run:
            work.delete()
        if work.state != ImportState.DONE:
            raise CommandError(work.error or _("The import was stopped. Nothing of it was imported."), returncode=2)


def _pair(text: str) -> tuple[str, str]:
    field, sign, column = text.partition("=")
    if not sign:
        raise CommandError(_("“%(text)s”: write --map FIELD=COLUMN.") % {"text": text}, returncode=2)
    return field.strip(), column.strip()


def _as_json(work: Import) -> dict[str, object]:
    rejected = [
        {"line": row.line, "value": row.value, "reason": row.reason}
        for row in work.rejections.select_related("of").order_by("line", "id").iterator()
    ]
    return {key: value for key, value in work.result.items() if key not in ("header", "set_shop")} | {
        "rejected": rejected
    }


def _summary(work: Import) -> str:
    """The result in sentences, with the first of the rows that were left out."""
    result = work.result
    text = [
        _("Only tried, nothing was written.") if work.dry_run else "",
        _(
            "%(lines)s rows: %(orders)s orders (%(anonymous_orders)s without a customer), cancellations of which %(returns)s belong to"
            " an order and %(credits)s are credits, %(customers)s customers, %(products)s products."
        )
        % result,
        _("New: %(orders)s orders, %(customers)s customers, %(products)s products.") % result["created"]
        + " "
        + _("Changed: %(changed)s orders and customers.") % result,
        _("The shop was empty: its currency is now %(currency)s and its time zone %(timezone)s.") % result
        if result["set_shop"]
        else "",
    ]
    if rejected := result["rejected"]:
        text.append(ngettext("%(n)s row was left out:", "%(n)s rows were left out:", rejected) % {"n": rejected})
        for row in work.rejections.select_related("of").order_by("line", "id")[:SHOWN]:
            text.append(
                _("  line %(line)s, “%(value)s”: %(reason)s")
                % {"line": row.line, "value": row.value, "reason": row.reason}
            )
        if rejected > SHOWN:
            text.append(_("  … and %(n)s more (--json lists all)") % {"n": rejected - SHOWN})
    return "\n".join(filter(None, text))
