"""One ticket: the conversation beside the list, answering, and what else staff do with it."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import customer_page
from crm.channels import Channel
from crm.models import Score, User
from crm.roles import PERMISSIONS, may, staff
from support import tickets
from support.forms import TicketForm
from support.mail import send
from support.models import Direction, Message, Ticket, TicketKind, TicketState
from support.tasks import send_answer
from support.views.inbox import pane

# Panels of the customer page that help while answering.
SHOWN_BESIDE = {"orders"}


@may("see_tickets")
@require_safe
def ticket(request: HttpRequest, number: int) -> HttpResponse:
    return page(request, find(number))


def find(number: int) -> Ticket:
    return get_object_or_404(Ticket.objects.select_related("customer__facts", "assignee"), number=number)


def page(
    request: HttpRequest, ticket: Ticket, *, draft: str = "", refused: str = "", warn: bool = False, status: int = 200
) -> HttpResponse:
    said = list(ticket.messages.select_related("author"))
    return render(
        request,
        "support/ticket.html",
        {
            **pane(request),
            "ticket": ticket,
            "messages_said": said,
            "changes": list(ticket.changes.select_related("by")),
            "seen": said[-1].pk if said else 0,
            "newest": next((each for each in reversed(said) if each.direction == Direction.IN), None),
            "draft": draft,
            "refused": refused,
            "warn": warn,
            "address": tickets.whom_to_answer(ticket)[0],
            "kinds": TicketKind.choices,
            "staff": answerers() if request.user.has_perm("crm.change_tickets") else [],
            "customer": ticket.customer,
            "score": Score.objects.filter(customer=ticket.customer_id, model__slug="statistical").first(),
            "complains": Ticket.objects.open_complaints().filter(customer=ticket.customer_id).exists(),
            "panels": panels(request, ticket),
        },
        status=status,
    )


def answerers() -> list[User]:
    """Who may answer tickets."""
    roles = [role.value for role in PERMISSIONS["change_tickets"]]
    return list(User.objects.filter(is_active=True, groups__name__in=roles).distinct().order_by("name", "email"))


def panels(request: HttpRequest, ticket: Ticket) -> list[str]:
    """What other rooms know of the customer, drawn as on the customer page."""
    others = [panel for panel in customer_page.panels.values() if panel.name in SHOWN_BESIDE]
    return [
        render_to_string(
            panel.template, {"panel": panel, "customer": ticket.customer, **panel.context(ticket.customer)}, request
        )
        for panel in others
        if request.user.has_perm(f"crm.{panel.permission}")
    ]


@may("change_tickets")
@require_POST
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """Send an answer, or keep a note. If somebody wrote since the page was shown, say so and keep the text."""
    ticket, text, do = find(number), request.POST.get("text", ""), request.POST.get("do", "send")
    if do != "note" and written_since(ticket, request.POST.get("seen", "")):
        return page(request, ticket, draft=text, warn=True, status=409)
    try:
        if do == "note":
            tickets.note(ticket, text, staff(request))
        else:
            then = TicketState.SOLVED if do == "solve" else TicketState.WAITING
            send_soon(tickets.answer(ticket, text, staff(request), message_id=send.new_message_id(ticket), then=then))
    except tickets.Refused as refused:
        return page(request, ticket, draft=text, refused=str(refused), status=422)
    return redirect(ticket)


def written_since(ticket: Ticket, seen: str) -> bool:
    """Whether the conversation has gone on since the page was made (message id `seen`)."""
    last = int(seen) if seen.isdecimal() and len(seen) < 19 else 0
    return ticket.messages.filter(pk__gt=last).exclude(direction=Direction.NOTE).exists()


def send_soon(message: Message) -> None:
    """Have a worker send it. Without a broker nothing is lost: beat finds it within a minute."""
    transaction.on_commit(lambda: send_answer.apply_async((message.pk,), retry=False), robust=True)


@may("change_tickets")
@require_POST
def retry(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send a failed answer once more."""
    message = get_object_or_404(Message.objects.select_related("ticket"), public_id=public_id)
    send.retry(message)
    send_soon(message)
    return redirect(message.ticket)


@may("change_tickets")
@require_POST
def assign(request: HttpRequest, number: int) -> HttpResponse:
    """Give the ticket to someone, or to nobody; `was` tells whose it was on the page."""
    ticket = find(number)
    wanted = number_or_none(request.POST.get("to", ""))
    to = User.objects.filter(pk=wanted, is_active=True).first() if wanted else None
    try:
        tickets.assign(ticket, to, number_or_none(request.POST.get("was", "")))
    except tickets.Refused as refused:
        return page(request, find(number), refused=str(refused), status=409)
    return redirect(ticket)


def number_or_none(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


@may("change_tickets")
@require_POST
def kind(request: HttpRequest, number: int) -> HttpResponse:
    ticket, wanted = find(number), request.POST.get("kind", "")
    if wanted in TicketKind.values:
        tickets.set_kind(ticket, TicketKind(wanted))
    return redirect(ticket)


@may("change_tickets")
@require_POST
def state(request: HttpRequest, number: int) -> HttpResponse:
    """Solve, close or reopen."""
    ticket = find(number)
    steps = {"solved": tickets.solve, "closed": tickets.close, "open": tickets.reopen}
    if step := steps.get(request.POST.get("state", "")):
        step(ticket, staff(request))
    return redirect(ticket)


@may("change_tickets")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A ticket for someone who called or came in."""
    known = {name: request.GET.get(name, "") for name in ("address", "name")}
    form = TicketForm(request.POST or None, initial={**known, "channel": Channel.PHONE})
    if form.is_valid():
        with transaction.atomic():
            opened = form.open(timezone.now(), assignee=staff(request))
        messages.success(request, _("Ticket #%(number)s is open, and yours.") % {"number": opened.number})
        return redirect(opened)
    return render(request, "support/new.html", {"form": form}, status=422 if form.errors else 200)
