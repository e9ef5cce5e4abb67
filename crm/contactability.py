"""May this customer be contacted by this channel for this purpose now? One question, answered by rules that any app adds.

Not reachable is a list of reasons, not one status: each rule has a name and a sentence, which the campaign's left-out list shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.channels import Channel, Purpose

Refuses = Callable[[Channel, Purpose, datetime], Q]


@dataclass(frozen=True)
class Rule:
    name: str
    sentence: str | Promise
    refuses: Refuses  # the customers (a Q over Customer) whom the rule forbids to contact


rules: dict[str, Rule] = {}


def rule(name: str, sentence: str | Promise) -> Callable[[Refuses], Refuses]:
    """Register a reason not to contact a customer. `sentence` completes “left out because …”."""

    def register(refuses: Refuses) -> Refuses:
        rules[name] = Rule(name, sentence, refuses)
        return refuses

    return register


def refused(channel: Channel, purpose: Purpose, at: datetime) -> Q:
    """The customers whom at least one rule forbids to contact."""
    found = Q(pk__in=[])
    for each in rules.values():
        found |= each.refuses(channel, purpose, at)
    return found


def reason(channel: Channel, purpose: Purpose, at: datetime) -> Case:
    """An expression over Customer: the name of the first rule that refuses, empty where none does."""
    whens = [When(each.refuses(channel, purpose, at), then=Value(each.name)) for each in rules.values()]
    return Case(*whens, default=Value(""), output_field=CharField())


def sentence(name: str) -> str:
    return str(rules[name].sentence) if name in rules else name


ADDRESS_FIELD = {
    Channel.EMAIL: "email",
    Channel.PHONE: "phone",
    Channel.MESSENGER: "phone",
    Channel.FAX: "phone",
    Channel.POST: "address",
}


@rule("no_address", _("there is no address for this channel"))
def no_address(channel: Channel, purpose: Purpose, at: datetime) -> Q:
    field = ADDRESS_FIELD.get(channel)
    return Q(**{field: ""}) if field else Q(pk__in=[])


@rule("no_consent", _("they have not agreed to it"))
def no_consent(channel: Channel, purpose: Purpose, at: datetime) -> Q:
    from crm.models import Consent  # here, for customer.py imports this module

    agreed = Consent.objects.filter(
        customer=OuterRef("pk"), channel=channel, purpose=purpose, state="granted", current=True
    )
    return ~Q(Exists(agreed))


@rule("suppressed", _("the address bounced, complained or refused"))
def suppressed(channel: Channel, purpose: Purpose, at: datetime) -> Q:
    from crm.models import Suppression

    field = {Channel.EMAIL: "email_key", Channel.PHONE: "phone", Channel.MESSENGER: "phone"}.get(channel)
    if field is None:
        return Q(pk__in=[])
    return Q(Exists(Suppression.objects.filter(channel=channel, address=OuterRef(field))))
