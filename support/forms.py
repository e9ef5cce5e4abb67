"""Forms that make tickets: the public one, and that of staff for someone who called."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from crm import phones
from crm.channels import Channel
from crm.models import Customer, Shop, User
from support import customers, tickets
from support.models import Ticket, TicketKind


class ContactForm(forms.Form):
    """Who writes, how they can be answered, what they say. `website` is for machines: people do not see it."""

    kind = forms.ChoiceField(label=_("What is it about?"), choices=TicketKind, initial=TicketKind.QUESTION)
    name = forms.CharField(label=_("Your name"), max_length=200)
    address = forms.CharField(label=_("E-mail or phone"), max_length=254, help_text=_("So that we can answer you."))
    text = forms.CharField(label=_("Your message"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 6}))
    website = forms.CharField(required=False, widget=forms.HiddenInput)

    by_channel = Channel.WEBSITE
    source = "web form"

    def clean_address(self) -> str:
        """An e-mail address in lower case, or a number in E.164."""
        text = self.cleaned_data["address"].strip()
        if "@" in text:
            try:
                validate_email(text)
            except ValidationError as error:
                raise forms.ValidationError(_("“%(text)s” is not an e-mail address."), params={"text": text}) from error
            return text.lower()
        try:
            return phones.parse(text, Shop.current().country)
        except ValueError as error:
            sentence = _("“%(text)s” is neither an e-mail address nor a phone number.")
            raise forms.ValidationError(sentence, params={"text": text}) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        return {key: value.replace("\0", "") if isinstance(value, str) else value for key, value in data.items()}

    @property
    def is_machine(self) -> bool:
        return bool(self.cleaned_data.get("website"))

    def customer(self, at: datetime) -> Customer:
        address, name = self.cleaned_data["address"], self.cleaned_data["name"]
        find = customers.by_email if "@" in address else customers.by_phone
        return find(address, name, at, self.source)

    def open(self, at: datetime, assignee: User | None = None) -> Ticket:
        """The ticket. Within a transaction."""
        data = self.cleaned_data
        said = tickets.Said(text=data["text"], at=at, address=data["address"], name=data["name"])
        return tickets.open_ticket(
            self.customer(at),
            said,
            subject=data.get("subject", ""),
            kind=TicketKind(data["kind"]),
            channel=Channel(data.get("channel", self.by_channel)),
            assignee=assignee,
        )


class TicketForm(ContactForm):
    """The same, filled in by staff."""

    channel = forms.ChoiceField(label=_("How it came"), choices=Channel, initial=Channel.PHONE)
    subject = forms.CharField(label=_("Subject"), max_length=300, required=False)
    field_order = ("name", "address", "kind", "channel", "subject", "text")
    source = "ticket"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the customer")
        self.fields["address"].help_text = _("A customer with this address is found; else a new one is made.")
        self.fields["text"].label = _("What they said")
        del self.fields["website"]
