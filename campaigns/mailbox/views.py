"""The demo's mailbox: the list, a mail in its frame, and what one does with it as the customer."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from itertools import islice

from django.contrib import messages
from django.core.management import call_command, get_commands
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns import mailbox
from campaigns.mailbox.answer import write_reply
from campaigns.messages.frame import framed
from campaigns.models import Delivery
from crm import events
from crm.collect import tokens
from crm.models import Event
from crm.roles import public

SIZE = 40
NOTICED = 12


@dataclass(frozen=True)
class Noticed:
    """An event of the mail's delivery. agent: human, machine or unknown, for what was collected."""

    kind: events.Kind
    event: Event

    @property
    def agent(self) -> str:
        return str(self.event.properties.get("agent", ""))


@public
def mails(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """The list, newest first, with one mail beside it."""
    text, before = request.GET.get("q", ""), request.GET.get("before", "")
    found = mailbox.caught(text)
    if before.isdigit():
        found = (mail for mail in found if mail.number < int(before))
    shown = list(islice(found, SIZE + 1))
    mail = get_mail(number) if number is not None else None
    delivery = delivery_of(mail) if mail else None
    context = {
        "mails": shown[:SIZE],
        "next": shown[SIZE - 1].number if len(shown) > SIZE else None,
        "text": text,
        "mail": mail,
        "delivery": delivery,
        "noticed": noticed(delivery) if delivery else [],
        "pictures": "pictures" in request.GET,
        "can_reply": "receive_mail" in get_commands(),
    }
    template = "mailbox/mailbox.html#noticed" if "HX-Request" in request.headers else "mailbox/mailbox.html"
    return render(request, template, context)


@public
def letter(request: HttpRequest, number: int) -> HttpResponse:
    """The mail itself, for the frame. Its links open beside the mailbox."""
    mail = get_mail(number)
    html = mail.part("html") or f"<pre>{escape(mail.part('plain'))}</pre>"
    return framed(f'<!doctype html><base target="_blank">{html}', pictures="pictures" in request.GET)


@public
def source(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(get_mail(number).raw, content_type="text/plain; charset=utf-8")


@require_POST
@public
def reply(request: HttpRequest, number: int) -> HttpResponse:
    """Answer as the customer: the mail goes the way of every mail that comes in."""
    mail = get_mail(number)
    text = request.POST.get("text", "").strip()
    if text and "receive_mail" in get_commands():
        call_command("receive_mail", raw=write_reply(mail, text), stdout=StringIO())
        messages.success(request, _("Your answer has reached the shop."))
    return redirect("mailbox:mail", number)


def get_mail(number: int) -> mailbox.Caught:
    mail = mailbox.find(number)
    if mail is None:
        raise Http404(_("That mail is not here any more."))
    return mail


def delivery_of(mail: mailbox.Caught) -> Delivery | None:
    """The delivery that a campaign's mail belongs to, by its Message-ID."""
    word = mailbox.header(mail.message, "message-id").strip("<>").partition("@")[0]
    try:
        number, _part = tokens.read("m", word)
    except tokens.BadToken:
        return None
    return Delivery.objects.select_related("campaign", "customer").filter(pk=number).first()


def noticed(delivery: Delivery) -> list[Noticed]:
    """What Regulars has noticed of a delivery, newest first."""
    found = Event.objects.filter(customer=delivery.customer, app="campaigns", object_id=delivery.pk)
    return [Noticed(events.kinds[each.kind], each) for each in found.order_by("-at", "-id")[:NOTICED]]
