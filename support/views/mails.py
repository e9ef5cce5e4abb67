"""Mails as they came: HTML in a frame of its own, and what could not be filed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import keyset
from crm.roles import may
from support.mail import receive
from support.mail.text import cleaned_html
from support.models import Message, RawMail, Ticket
from support.views.inbox import pane

SHOWN = 20_000  # characters of the source
NEWEST = keyset.Sort("received_at", descending=True)
# Nothing runs, nothing is loaded; a form goes nowhere. Images of others only when asked for.
POLICY = (
    "default-src 'none'; img-src {images}; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@may("see_tickets")
@require_safe
def html(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The HTML of a message, cleaned, for a sandboxed frame. `?images=1` loads images of other machines."""
    message = get_object_or_404(Message, public_id=public_id)
    images = bool(request.GET.get("images"))
    response = render(request, "support/message_html.html", {"html": cleaned_html(message.html, images=images)})
    response["Content-Security-Policy"] = POLICY.format(images="https:" if images else "'none'")
    response["Referrer-Policy"] = "no-referrer"
    return response


@may("see_tickets")
@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """Mails of which no ticket could be made."""
    found = RawMail.objects.kept().defer("raw")
    page = keyset.page(found, NEWEST, size=25, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    return render(request, "support/kept.html", {**pane(request), "mails": page, "total": found.count()})


@may("see_tickets")
@require_safe
def mail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A mail's source, as text."""
    mail = get_object_or_404(RawMail, public_id=public_id)
    source = bytes(mail.raw)[: SHOWN * 2].decode("utf-8", "replace").replace("\0", "␀")[:SHOWN]
    return render(request, "support/mail.html", {"mail": mail, "source": source, "size": len(mail.raw)})


@may("change_tickets")
@require_POST
def again(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Try to read a kept mail once more."""
    outcome = receive.again(get_object_or_404(RawMail.objects.kept(), public_id=public_id))
    if outcome.ticket:
        return redirect(Ticket.objects.get(number=outcome.ticket))
    messages.warning(request, _("It is still no ticket. %(reason)s") % {"reason": outcome.reason})
    return redirect("support:mail", public_id)


@may("change_tickets")
@require_POST
def put_away(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Someone has seen to it."""
    RawMail.objects.kept().filter(public_id=public_id).update(put_away_at=timezone.now())
    messages.success(request, _("The mail is put away; it stays stored."))
    return redirect("support:kept")
