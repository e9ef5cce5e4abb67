"""Forms of the settings page."""

import itertools
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import ExchangeRate, ScoringModel, Shop


class ShopForm(forms.ModelForm):
    language = forms.ChoiceField(label=gettext_lazy("Language of the shop"), choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=lambda: [(name, name) for name in sorted(available_timezones())]
    )

    class Meta:
        model = Shop
        fields = [
            "name", "country", "currency", "timezone", "language", "sender_name", "sender_email", "postal_address",
            "advertising_rules", "inactive_after_days", "response_window_days", "result_window_days", "holdout_share",
        ]  # fmt: skip

    def clean_country(self) -> str:
        text = self.cleaned_data["country"].strip().upper()
        if len(text) != 2 or not text.isascii() or not text.isalpha():
            raise ValidationError(_("A country is two letters, like VN or GB."))
        return text


class BoundsForm(forms.Form):
    """The money bounds of threshold RFM: the lowest average of classes 2 to 4, and the highest of class 4 (Table 6.4)."""

    two = forms.DecimalField(label=gettext_lazy("2 from"), min_value=0, max_digits=20, decimal_places=6)
    three = forms.DecimalField(label=gettext_lazy("3 from"), min_value=0, max_digits=20, decimal_places=6)
    four = forms.DecimalField(label=gettext_lazy("4 from"), min_value=0, max_digits=20, decimal_places=6)
    five = forms.DecimalField(label=gettext_lazy("5 above"), min_value=0, max_digits=20, decimal_places=6)

    def __init__(self, data: Any = None, *, model: ScoringModel) -> None:
        self.model = model
        bounds = [bound.normalize() for bound in model.monetary_bounds or []]
        super().__init__(
            data, prefix="bounds", initial=dict(zip(self.base_fields, map("{:f}".format, bounds), strict=False))
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        bounds = [data[name] for name in self.fields if name in data]
        if not all(low < high for low, high in itertools.pairwise(bounds)):
            raise ValidationError(_("Each bound has to be higher than the one before: 2, then 3, then 4, then 5."))
        return data

    def save(self) -> None:
        self.model.monetary_bounds = [self.cleaned_data[name] for name in self.fields]
        self.model.save(update_fields=["monetary_bounds"])


class RateForm(forms.ModelForm):
    class Meta:
        model = ExchangeRate
        fields = ["currency", "rate"]

    def clean_rate(self) -> Any:
        rate = self.cleaned_data["rate"]
        if rate <= 0:
            raise ValidationError(_("A rate is above zero: what one unit of that currency is worth here."))
        return rate
