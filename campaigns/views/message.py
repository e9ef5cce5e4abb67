"""The message of a draft: written, checked as it is typed, seen as any customer, sent to oneself."""

from __future__ import annotations

from email.utils import formataddr
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from liquid.exceptions import LiquidError

from campaigns.forms import MessageForm, TestForm
from campaigns.messages import placeholders
from campaigns.messages.frame import framed
from campaigns.messages.render import Filled, MessageError, compile_letter
from campaigns.models import Campaign
from campaigns.views.drafts import as_uuid, get_draft
from crm.models import Customer
from crm.roles import may
from crm.templatetags import regulars

HITS = 8


@may("change_campaigns")
def message(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The editor. Asked by htmx while somebody types, it answers with the state of the message alone."""
    campaign = get_draft(public_id)
    form = MessageForm(request.POST or None, instance=campaign)
    typing = "HX-Request" in request.headers
    if request.method == "POST" and form.is_valid():
        form.save()
        if not typing:
            messages.success(request, _("The message is saved."))
            return redirect("campaigns:check" if "go_on" in request.POST else "campaigns:message", public_id)
    context = {
        "campaign": campaign,
        "form": form,
        "placeholders": placeholders.LIST,
        "saved_at": timezone.now() if request.method == "POST" and not form.errors else None,
        **state_of(campaign, form, request.GET.get("as")),
    }
    template = "campaigns/message.html#state" if typing else "campaigns/message.html"
    return render(request, template, context, status=422 if form.errors and not typing else 200)


def state_of(campaign: Campaign, form: MessageForm, customer: str | None) -> dict[str, object]:
    """What stands beside the text: problems, the customer as whom it is seen, and the test."""
    shown_as = preview_customer(campaign, customer)
    if not form.is_bound:
        form = MessageForm({"subject": campaign.subject, "mjml": campaign.mjml}, instance=campaign)
        form.is_valid()
    return {
        "problems": [error for errors in form.errors.values() for error in errors],
        "warnings": form.warnings,
        "shown_as": shown_as,
        "subject": filled_subject(campaign, shown_as) if shown_as else campaign.subject,
        "now": timezone.now(),
    }


def preview_customer(campaign: Campaign, public_id: str | None) -> Customer | None:
    """The customer asked for, else one of the segment, else anyone."""
    asked = Customer.objects.filter(public_id=wanted).first() if (wanted := as_uuid(public_id)) else None
    return (
        asked
        or Customer.objects.filter(memberships__segment=campaign.segment_id).exclude(email="").order_by("pk").first()
        or Customer.objects.identified().order_by("pk").first()
    )


@may("see_campaigns")
def find_customer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Customers to see the message as, while typing."""
    campaign = get_object_or_404(Campaign, public_id=public_id)
    hits = Customer.objects.search(request.GET.get("q", "")).identified().order_by("search_name", "pk")[:HITS]
    return render(request, "campaigns/find_customer.html", {"campaign": campaign, "hits": hits})


@may("see_campaigns")
def letter(request: HttpRequest, public_id: UUID, customer_id: UUID) -> HttpResponse:
    """The letter as a customer would see it, for the frame. Links lead where they say; nothing is counted."""
    campaign = get_object_or_404(Campaign, public_id=public_id)
    customer = get_object_or_404(Customer, public_id=customer_id)
    try:
        return framed(filled(campaign, customer).html)
    except (MessageError, LiquidError) as error:
        return render(request, "campaigns/letter_broken.html", {"error": error})


@may("change_campaigns")
@require_POST
def send_test(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send the letter, filled as the chosen customer, to oneself. It is no delivery: no link of it is counted."""
    campaign = get_draft(public_id)
    form = TestForm(request.POST)
    customer = preview_customer(campaign, request.POST.get("as"))
    back = f"{reverse('campaigns:message', args=[public_id])}?as={customer.public_id if customer else ''}"
    if not form.is_valid() or customer is None:
        messages.error(
            request, " ".join(map(str, form.errors.get("to") or [_("There is no customer to fill the letter with.")]))
        )
        return redirect(back)
    try:
        mail_test(filled(campaign, customer), form.cleaned_data["to"])
    except (MessageError, LiquidError) as error:
        messages.error(request, _("The test was not sent: %(error)s") % {"error": error})
    except (OSError, SMTPException) as error:
        messages.error(request, _("The mail server did not take the test: %(error)s") % {"error": error})
    else:
        text = _("A test, filled as %(customer)s, is on its way to %(to)s.")
        messages.success(request, text % {"customer": customer, "to": form.cleaned_data["to"]})
    return redirect(back)


def mail_test(letter: Filled, to: str) -> None:
    shop = regulars.shop()
    sender = formataddr((shop.sender_name or shop.name, shop.sender_email))
    mail = EmailMultiAlternatives(_("Test: %(subject)s") % {"subject": letter.subject}, letter.text, sender, [to])
    mail.attach_alternative(letter.html, "text/html")
    mail.send()


def filled(campaign: Campaign, customer: Customer) -> Filled:
    """Raises MessageError or LiquidError."""
    compiled = compile_letter(campaign.subject, campaign.mjml, regulars.shop())
    values = placeholders.values([customer.pk])[customer.pk]
    return compiled.fill(values, links=compiled.links, unsubscribe_url=f"{settings.PUBLIC_URL}/")


def filled_subject(campaign: Campaign, customer: Customer) -> str:
    try:
        return filled(campaign, customer).subject
    except (MessageError, LiquidError):
        return campaign.subject
