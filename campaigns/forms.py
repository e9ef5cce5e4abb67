"""Forms of a campaign: whom it goes to, what it says, and to whom a test is sent."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from campaigns.messages import check
from campaigns.messages.markup import Problem
from campaigns.models import Campaign
from crm.models import Segment
from crm.templatetags import regulars

MOST_LETTERS = 100_000  # of a message; more than mail programs show, and than is checked in a moment


class AudienceForm(forms.ModelForm):
    """Name, segment, hold-out and window."""

    segment = forms.ModelChoiceField(Segment.objects.order_by("name"), label=_("Segment"), empty_label=_("Choose…"))
    held_out = forms.DecimalField(
        label=_("Held out, per cent"),
        min_value=0,
        max_value=50,
        decimal_places=1,
        help_text=_("Drawn by chance; they get nothing and show what would have been bought anyway."),
    )

    class Meta:
        model = Campaign
        fields = ["name", "segment", "window_days"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["held_out"].initial = f"{(self.instance.holdout_share * 100).normalize():f}"

    def save(self, commit: bool = True) -> Campaign:
        self.instance.holdout_share = self.cleaned_data["held_out"] / Decimal(100)
        return super().save(commit)


class NewCampaignForm(AudienceForm):
    """As AudienceForm, with the language of the letter to start from."""

    language = forms.ChoiceField(label=_("Start with a letter in"), choices=settings.LANGUAGES)


class MessageForm(forms.ModelForm):
    """Subject and MJML; an error of either keeps it from being saved. `warnings` may be saved."""

    warnings: list[Problem] = []

    class Meta:
        model = Campaign
        fields = ["subject", "mjml"]
        widgets = {
            "subject": forms.TextInput(attrs={"class": "form-control"}),
            "mjml": forms.Textarea(
                attrs={"rows": 28, "class": "form-control r-code", "spellcheck": "false", "wrap": "off"}
            ),
        }

    def clean_subject(self) -> str:
        return self._checked(self.cleaned_data["subject"], check.subject_problems(self.cleaned_data["subject"]))

    def clean_mjml(self) -> str:
        mjml = self.cleaned_data["mjml"].replace("\r\n", "\n")
        if len(mjml) > MOST_LETTERS:
            raise forms.ValidationError(
                _("The message has %(size)s characters; it may have %(most)s. Shorten it.")
                % {"size": len(mjml), "most": MOST_LETTERS}
            )
        return self._checked(mjml, check.message_problems(mjml, regulars.shop()))

    def _checked(self, value: str, problems: list[Problem]) -> str:
        self.warnings = [*self.warnings, *(problem for problem in problems if not problem.error)]
        if errors := [str(problem) for problem in problems if problem.error]:
            raise forms.ValidationError(errors)
        return value


class TestForm(forms.Form):
    """Where a test goes."""

    to = forms.EmailField(label=_("To"), max_length=254)
