"""Forms of the customer page: validated at entry, so that a phone number can be called and a mail arrives (docs/domain.md 7)."""

import hashlib
import unicodedata
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from email_validator import EmailNotValidError, validate_email

from crm import consent, phones, tags
from crm.channels import Channel
from crm.models import Customer, Shop, User
from crm.models.consent import ConsentState
from crm.models.customer import mark_changed
from crm.templatetags import regulars


class CustomerForm(forms.ModelForm):
    """A name and one way to reach them is enough. What was imported and is not touched may stay as dirty as it came."""

    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Several with commas between."),
    )
    # A digest of what was on the page: another's change in the meantime is noticed.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    # "Two people": the twins were looked at, and this is somebody else.
    other_person = forms.BooleanField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Customer
        fields = [
            "kind", "name", "language", "email", "phone", "address", "city", "country",
            "owner", "source", "preferred_channel", "preferred_style",
        ]  # fmt: skip

    def __init__(self, data: Any = None, *, instance: Customer) -> None:
        shop = Shop.current()
        self.country = instance.country or shop.country
        initial = {
            "tags": ", ".join(instance.tags),
            "phone": phones.national(instance.phone, shop.country) if instance.phone else "",
            "seen": digest(instance),
        }
        super().__init__(data, instance=instance, initial=initial)
        self.now_there = digest(instance)
        self.twins: list[Customer] = []
        owner = cast(forms.ModelChoiceField, self.fields["owner"])
        owner.queryset = User.objects.filter(Q(is_active=True) | Q(pk=instance.owner_id)).order_by("name")
        self.fields["email"].widget.input_type = "email"
        self.fields["phone"].widget.input_type = "tel"
        self.fields["phone"].help_text = ""
        owner.empty_label = _("Nobody yet")
        for name in ("language", "preferred_channel", "preferred_style"):
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = [(value, label if value else _("Not known yet")) for value, label in field.widget.choices]
        for each in self.fields.values():
            each.widget.attrs.setdefault("autocomplete", "off")

    def clean_name(self) -> str:
        """As they write it, in one form of Unicode (NFC), so that equal names are equal."""
        return " ".join(unicodedata.normalize("NFC", self.cleaned_data["name"]).split())

    def clean_email(self) -> str:
        text = self.cleaned_data["email"].strip()
        if not text or "email" not in self.changed_data:
            return text
        try:
            return validate_email(text, check_deliverability=False).normalized
        except EmailNotValidError as error:
            raise ValidationError(
                _("“%(text)s” is not an e-mail address: %(why)s Correct it, or leave it empty."),
                params={"text": text, "why": error},
            ) from error

    def clean_phone(self) -> str:
        text = self.cleaned_data["phone"].strip()
        if "phone" not in self.changed_data:
            return self.instance.phone
        if not text:
            return ""
        try:
            return phones.parse(text, self.country)
        except ValueError as error:
            raise ValidationError(
                _(
                    "“%(text)s” is not a phone number here. Write it like %(example)s, or abroad with + and the country."
                ),
                params={"text": text, "example": phones.national("+84903418265", "VN")},
            ) from error

    def clean_country(self) -> str:
        text = self.cleaned_data["country"].strip().upper()
        if text and not (len(text) == 2 and text.isascii() and text.isalpha()):
            raise ValidationError(_("A country is two letters, like VN or GB."))
        return text

    def clean_tags(self) -> list[str]:
        return tags.split(self.cleaned_data["tags"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.data.get("seen", "") != self.now_there and self.instance.pk and "seen" in self.data:
            self.add_error(
                None,
                _(
                    "Someone else changed this customer while you were typing. Your entries are below; "
                    "saving again replaces what they wrote."
                ),
            )
            self.data = {**self.data.dict(), "seen": self.now_there} if isinstance(self.data, QueryDict) else self.data
        reachable = data.get("name") or data.get("email") or data.get("phone")
        if not reachable and not self.errors and not (self.instance.pk and self.instance.references.exists()):
            self.add_error("name", _("Give a name, a phone number or an e-mail address: one of them is enough."))
        self.twins = twins(self.instance, data.get("email", ""), data.get("phone", ""))
        moved = {"email", "phone"} & set(self.changed_data)
        if self.twins and moved and not data.get("other_person"):
            self.add_error(
                None,
                _(
                    "Someone with this phone number or e-mail address is here already. "
                    "Look at them, or say that these are two people."
                ),
            )
        return data

    def save(self, *, by: User) -> Customer:  # type: ignore[override]
        customer = self.instance
        customer.tags = self.cleaned_data["tags"]
        if customer.pk is None:
            customer.registered_at = timezone.now()
        customer.save()
        customer.refresh_from_db(fields=["public_id"])
        mark_changed([customer.pk])
        return customer


def blank() -> Customer:
    """A customer of whom nothing is known yet."""
    reach = ["email", "phone", "address", "city", "country", "preferred_channel", "preferred_style"]
    return Customer(**dict.fromkeys(["name", "language", "source", *reach], ""))


def digest(customer: Customer) -> str:
    """Stands for what the form shows of a customer."""
    fields = [*CustomerForm.Meta.fields, "tags"]
    shown = repr([customer.owner_id if name == "owner" else getattr(customer, name) for name in fields])
    return hashlib.blake2b(shown.encode(), digest_size=12).hexdigest()


def twins(customer: Customer, email: str, phone: str) -> list[Customer]:
    """Others with the same e-mail address or phone number: probably the same person."""
    same = Q()
    if email:
        same |= Q(email_key=email.lower()) & ~Q(email="")
    if phone:
        same |= Q(phone=phone) & ~Q(phone="")
    if not same:
        return []
    others = Customer.objects.filter(same).exclude(pk=customer.pk).select_related("facts")
    return list(others.prefetch_related("references").order_by("pk")[:3])


class ConsentForm(forms.Form):
    """May we write by this channel, and how is it known? One line of the form; the ledger is crm/consent.py."""

    CHANNELS = (Channel.EMAIL, Channel.MESSENGER, Channel.PHONE)
    SOURCES = (
        ("", gettext_lazy("Not chosen yet")),
        ("in the shop", gettext_lazy("In the shop")),
        ("by phone", gettext_lazy("By phone")),
        ("web form", gettext_lazy("Web form")),
        ("on paper", gettext_lazy("On paper")),
    )
    agreed = forms.BooleanField(required=False)
    source = forms.ChoiceField(required=False, choices=SOURCES)
    wording = forms.CharField(required=False, max_length=1000)

    def __init__(self, data: Any, *, customer: Customer, channel: Channel) -> None:
        self.channel = channel
        lines = [line for line in customer.consents.all() if line.current] if customer.pk else []
        self.line = next((line for line in lines if line.channel == channel), None)
        had = self.line is not None and self.line.state == ConsentState.GRANTED
        super().__init__(data, prefix=f"consent-{channel}", initial={"agreed": had})

    @property
    def known(self) -> str:
        """What the ledger says now."""
        if self.line is None:
            return _("Not asked. Nobody writes or calls to advertise.")
        words = _("Agreed on %(day)s, %(source)s") if self.initial["agreed"] else _("Withdrawn on %(day)s, %(source)s")
        return words % {"day": regulars.day(self.line.at), "source": self.line.source}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("agreed") and not self.initial["agreed"] and not data.get("source"):
            self.add_error("source", _("Choose how they agreed, or switch it off."))
        return data

    def save(self, customer: Customer, *, by: User) -> None:
        agreed, had = self.cleaned_data["agreed"], self.initial["agreed"]
        if agreed and not had:
            words = {"source": self.cleaned_data["source"], "wording": self.cleaned_data["wording"]}
            consent.grant(customer, self.channel, by=by, **words)
        elif had and not agreed:
            source = self.cleaned_data["source"] or _("told %(name)s") % {"name": by}
            consent.withdraw(customer, self.channel, source=source[:60], by=by)


class NoteForm(forms.Form):
    text = forms.CharField(
        max_length=5000,
        widget=forms.Textarea,
        error_messages={"required": gettext_lazy("The note is empty: write something first.")},
    )
