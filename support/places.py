"""Where tickets show up outside their own pages: navigation, customer page, search, time line, contactability."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm import contactability, home
from crm.channels import Channel, Purpose
from crm.models import Customer, Event
from crm.models.customer import Fold
from crm.navigation import Found
from support.models import Ticket, TicketState


def waiting() -> int:
    """How many tickets wait for us."""
    return Ticket.objects.filter(state=TicketState.OPEN).count()


def panel(customer: Customer) -> dict[str, object]:
    """The latest tickets of a customer."""
    own = Ticket.objects.filter(customer=customer)
    return {"latest": own.order_by("-last_message_at", "-id")[:4], "how_many": own.count()}


def find(text: str, limit: int) -> list[Found]:
    """By number, or by words of the subject with or without marks."""
    words = text.strip().lstrip("#")
    if len(words) < 2:
        return []
    number = Q(number=int(words)) if words.isdecimal() and len(words) < 16 else Q(pk__in=[])
    subject = Q(folded__contains=Fold(Value(words)))
    found = Ticket.objects.annotate(folded=Fold("subject")).filter(number | subject).select_related("customer")
    return [
        Found(str(ticket), f"{ticket.customer}, {ticket.get_state_display()}", ticket.get_absolute_url(), "ticket")
        for ticket in found.order_by("-last_message_at")[:limit]
    ]


def link(event: Event) -> str | None:
    number = event.properties.get("number")
    return reverse("support:ticket", args=[number]) if number else None


@contactability.rule("open_complaint", _("they have an open complaint"))
def open_complaint(channel: Channel, purpose: Purpose, at: datetime) -> Q:
    """An open complaint suspends marketing to its customer, by every channel (docs/domain.md 5)."""
    if purpose != Purpose.MARKETING:
        return Q(pk__in=[])
    return Q(Exists(Ticket.objects.open_complaints().filter(customer=OuterRef("pk"))))


@home.card("tickets", template="support/home_card.html", permission="see_tickets", place="side", order=10)
def who_waits(request: HttpRequest) -> dict[str, object]:
    """Who has waited longest for an answer."""
    open_tickets = Ticket.objects.filter(state=TicketState.OPEN).select_related("customer")
    return {"tickets": open_tickets.order_by("last_message_at", "id")[:4]}
