"""Conditions over what is written down about a customer."""

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.lookups import Exact
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.channels import Channel, Purpose
from crm.models import Consent, Customer, User
from crm.models.consent import ConsentState
from crm.models.customer import CustomerKind, Fold
from crm.segments.conditions import (
    WHEN,
    Choice,
    Choices,
    Condition,
    Day,
    Parameter,
    Params,
    Scope,
    days,
    register,
    timed,
)
from crm.templatetags.regulars import day

CUSTOMER = _("Customer")
CHANNEL = Choice("channel", _("channel"), of=Channel.choices)


def words(params: Params, name: str) -> list[str]:
    """What stands between commas."""
    return [word.strip() for word in params.text(name).split(",") if word.strip()]


def lives_in(params: Params, scope: Scope) -> Q:
    """Compared as people write it: with or without marks, in any case."""
    found = Q(pk__in=[])
    for city in words(params, "cities"):
        found |= Q(Exact(Fold("city"), Fold(Value(city))))
    return found


def consented(params: Params, scope: Scope) -> Q:
    agreed = Exists(
        Consent.objects.filter(
            customer=OuterRef("pk"), channel=params.text("channel"), purpose=Purpose.MARKETING,
            state=ConsentState.GRANTED, current=True,
        )
    )  # fmt: skip
    return Q(agreed) if params.text("state") == "agreed" else ~Q(agreed)


def registered_on(params: Params, scope: Scope) -> Q:
    lookup = "lt" if params.text("side") == "before" else "gte"
    return Q(**{f"registered_at__{lookup}": params.day("day")})


def staff() -> Choices:
    return [(str(user.pk), str(user)) for user in User.objects.filter(is_active=True).order_by("name", "email")]


def since(customer: Customer, params: Params) -> str:
    return gettext("since %(day)s") % {"day": day(customer.registered_at)}


register(
    Condition(
        "kind", _("Person or organisation"), CUSTOMER, (Choice("kind", _("kind"), of=CustomerKind.choices),),
        _("are of the kind {kind}"), lambda params, scope: Q(kind=params.text("kind")),
        fact=lambda customer, params: customer.get_kind_display(),
    ),
    Condition(
        "name", _("Name"), CUSTOMER, (Parameter("text", _("text")),), _("have {text} in their name"),
        lambda params, scope: Q(search_name__contains=Fold(Value(params.text("text")))),
        fact=lambda customer, params: customer.name,
    ),
    Condition(
        "city", _("City or province"), CUSTOMER, (Parameter("cities", _("cities, with commas between")),),
        _("live in {cities}"), lives_in, fact=lambda customer, params: customer.city,
    ),
    Condition(
        "country", _("Country"), CUSTOMER, (Parameter("country", _("country, two letters")),), _("live in the country {country}"),
        lambda params, scope: Q(country__iexact=params.text("country")), fact=lambda customer, params: customer.country,
    ),
    Condition(
        "language", _("Language"), CUSTOMER, (Choice("language", _("language"), of=settings.LANGUAGES),),
        _("speak {language}"), lambda params, scope: Q(language=params.text("language")),
        fact=lambda customer, params: customer.get_language_display(),
    ),
    Condition(
        "source", _("Source"), CUSTOMER, (Parameter("source", _("source")),), _("came from {source}"),
        lambda params, scope: Q(source__iexact=params.text("source")), fact=lambda customer, params: customer.source,
    ),
    Condition(
        "tag", _("Tag"), CUSTOMER, (Parameter("tag", _("tag")),), _("have the tag {tag}"),
        lambda params, scope: Q(tags__contains=[params.text("tag")]),
        fact=lambda customer, params: ", ".join(customer.tags),
    ),
    Condition(
        "owner", _("Owner"), CUSTOMER, (Choice("owner", _("owner"), of=staff),), _("are looked after by {owner}"),
        lambda params, scope: Q(owner_id=params.whole("owner")),
        fact=lambda customer, params: str(customer.owner or ""),
    ),
    Condition(
        "preferred_channel", _("Preferred channel"), CUSTOMER, (CHANNEL,), _("prefer to be reached by {channel}"),
        lambda params, scope: Q(preferred_channel=params.text("channel")),
        fact=lambda customer, params: customer.get_preferred_channel_display(),
    ),
    Condition(
        "consent", _("Consent"), CUSTOMER,
        (Choice("state", _("state"), of=[("agreed", _("agreed")), ("not", _("have not agreed"))]), CHANNEL),
        _("{state} to marketing by {channel}"), consented,
    ),
    Condition(
        "registered", _("Customer for how long"), CUSTOMER, (WHEN, days()), _("became a customer {when} {days} days ago"),
        lambda params, scope: timed("registered_at", params, scope),
        fact=since,
    ),
    Condition(
        "registered_on", _("Customer since a day"), CUSTOMER,
        (Choice("side", _("side"), of=[("since", _("since")), ("before", _("before"))]), Day("day", _("day"))),
        _("became a customer {side} {day}"), registered_on,
        fact=since,
    ),
)  # fmt: skip
