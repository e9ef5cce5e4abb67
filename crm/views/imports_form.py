"""The form that takes a file. The file is looked at before anything of it is kept."""

from typing import Any
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from django import forms
from django.utils.translation import gettext_lazy as _

from crm.imports import uploads
from crm.imports.presets import presets
from crm.imports.reader import BadFile


def kinds_of_file() -> list[tuple[str, str]]:
    return [("", str(_("find out by its columns"))), *((slug, str(preset)) for slug, preset in presets().items())]


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or packed CSV (.csv, .csv.gz). Encoding and delimiter are found out."),
        max_length=255,
    )
    preset = forms.ChoiceField(label=_("Kind of file"), required=False, choices=kinds_of_file)
    currency = forms.CharField(
        label=_("Currency"),
        required=False,
        max_length=3,
        help_text=_("Of amounts that name none. Empty: as the kind of file has it, else the shop's."),
    )
    timezone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=64,
        help_text=_("Of times that name none, like Asia/Ho_Chi_Minh. Empty: likewise."),
    )
    dates = forms.ChoiceField(
        label=_("Dates like 03/04/2026"),
        required=False,
        choices=[("", _("find out")), ("dmy", _("day first")), ("mdy", _("month first"))],
    )
    numbers = forms.ChoiceField(
        label=_("Numbers like 1.250"),
        required=False,
        choices=[("", _("find out")), ("point", _("decimal point")), ("comma", _("decimal comma"))],
    )
    dry_run = forms.BooleanField(
        label=_("Only try"), required=False, help_text=_("Say what would be done, and write nothing.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = ".csv,.txt,.tsv,.gz"
        self.found = ""  # the kind of file it turned out to be

    @property
    def options(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("currency", "timezone", "dates", "numbers")}

    def clean_currency(self) -> str:
        code = self.cleaned_data["currency"].upper()
        if code and code not in list_currencies():
            raise forms.ValidationError(_("A currency is three capital letters, like VND or GBP."))
        return code

    def clean_timezone(self) -> str:
        name: str = self.cleaned_data["timezone"].strip()
        if name and name not in available_timezones():
            raise forms.ValidationError(_("Write it like Asia/Ho_Chi_Minh or Europe/London."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if file := cleaned.get("file"):
            try:
                self.found = uploads.look(file, cleaned.get("preset", ""))
            except BadFile as problem:
                self.add_error("file", str(problem))
        return cleaned
