"""The public form: a question or complaint becomes a ticket, without an account."""

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.models import Shop
from crm.roles import public
from support.forms import ContactForm

PER_ADDRESS, PER_MACHINE, WITHIN = 5, 20, 3600  # messages in so many seconds


@public
@require_http_methods(["GET", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    with translation.override(language_of(request)):
        if request.method == "GET":
            return page(request, ContactForm())
        form = ContactForm(request.POST)
        if not form.is_valid():
            return page(request, form, status=422)
        if form.is_machine:
            return page(request, form, sent=True)
        if too_many(request, form.cleaned_data["address"]):
            form.add_error(None, _("That were many messages in a short time. Please try again in an hour."))
            return page(request, form, status=429)
        with transaction.atomic():
            ticket = form.open(timezone.now())
        return page(request, form, sent=True, number=ticket.number)


def page(
    request: HttpRequest, form: ContactForm, *, sent: bool = False, number: int | None = None, status: int = 200
) -> HttpResponse:
    response = render(request, "support/contact.html", {"form": form, "sent": sent, "number": number}, status=status)
    response["Content-Language"] = translation.get_language()
    return response


def language_of(request: HttpRequest) -> str:
    """What the visitor chose or their browser asks for, if we speak it; else the shop's language."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    asked = request.headers.get("Accept-Language", "")
    spoken = [code for code, _name in settings.LANGUAGES]
    wants_ours = any(part.strip()[:2].lower() in spoken for part in asked.split(","))
    return get_language_from_request(request) if chosen in spoken or wants_ours else Shop.current().language


def too_many(request: HttpRequest, address: str) -> bool:
    """Count this message for its address and its machine; whether either has sent too many within the hour."""
    machine = get_adapter().get_client_ip(request)
    by_address, by_machine = count(f"contact:{address}"), count(f"contact:{machine}")
    return by_address > PER_ADDRESS or by_machine > PER_MACHINE


def count(key: str) -> int:
    cache.add(key, 0, WITHIN)
    try:
        return cache.incr(key)
    except ValueError:  # it ran out between the two
        return 1
