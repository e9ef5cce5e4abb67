"""What happens to a ticket: opened, written to, answered, noted, given to someone, solved, reopened, closed.

Each is one transaction that holds the ticket's row and tells the time line. Facts of the customer follow by that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import events
from crm.channels import Channel
from crm.models import Customer, User
from support.models import Delivery, Direction, Message, RawMail, Ticket, TicketChange, TicketKind, TicketState


class Refused(Exception):
    """It cannot be done; the message is a sentence for the one who tried."""


@dataclass
class Said:
    """What a customer said, by whatever way it came."""

    text: str
    at: datetime
    address: str = ""
    name: str = ""
    copies: Sequence[str] = ()
    quoted: str = ""
    html: str = ""
    files: list[dict[str, object]] = field(default_factory=list)
    message_id: str = ""
    references: Sequence[str] = ()
    raw: RawMail | None = None


@transaction.atomic
def open_ticket(
    customer: Customer,
    said: Said,
    *,
    subject: str = "",
    kind: TicketKind = TicketKind.QUESTION,
    channel: Channel = Channel.EMAIL,
    assignee: User | None = None,
) -> Ticket:
    """A new matter of a customer, with what they said."""
    ticket = Ticket.objects.create(
        customer=customer,
        subject=(subject or first_line(said.text))[:300],
        kind=kind,
        channel=channel,
        assignee=assignee,
        opened_at=said.at,
        last_message_at=said.at,
    )
    ticket.refresh_from_db(fields=["number", "public_id"])
    add(ticket, said, channel)
    tell(ticket)
    return ticket


@transaction.atomic
def write(ticket: Ticket, said: Said, channel: Channel = Channel.EMAIL) -> Message:
    """The customer writes again: the ticket waits for us, also where it was solved."""
    ticket = hold(ticket)
    message = add(ticket, said, channel)
    move(ticket, TicketState.OPEN, timezone.now(), by=None)
    tell(ticket)
    return message


def add(ticket: Ticket, said: Said, channel: Channel) -> Message:
    message = Message.objects.create(
        ticket=ticket,
        direction=Direction.IN,
        channel=channel,
        address=said.address,
        name=said.name,
        copies=list(said.copies),
        text=said.text,
        quoted=said.quoted,
        html=said.html,
        files=said.files,
        at=said.at,
        message_id=said.message_id,
        references=list(said.references),
        raw=said.raw,
    )
    show_newest(ticket, message)
    return message


@transaction.atomic
def answer(
    ticket: Ticket, text: str, by: User, *, message_id: str = "", then: TicketState = TicketState.WAITING
) -> Message:
    """An answer to the customer: a mail in the queue where they have an address, else noted as said by the ticket's channel.

    Raises Refused for an empty text. Whoever answers a ticket of nobody's takes it.
    """
    if not text.strip():
        raise Refused(_("Write the answer first."))
    ticket, at = hold(ticket), timezone.now()
    address, name = whom_to_answer(ticket)
    message = Message.objects.create(
        ticket=ticket,
        direction=Direction.OUT,
        channel=Channel.EMAIL if address else ticket.channel,
        author=by,
        address=address,
        name=name,
        text=text.strip(),
        at=at,
        message_id=message_id if address else "",
        references=thread(ticket) if address else [],
        delivery=Delivery.QUEUED if address else Delivery.NONE,
        try_at=at if address else None,
    )
    show_newest(ticket, message)
    if ticket.assignee_id is None:
        Ticket.objects.filter(pk=ticket.pk, assignee=None).update(assignee=by)
    move(ticket, then, at, by)
    tell(ticket)
    return message


def whom_to_answer(ticket: Ticket) -> tuple[str, str]:
    """The address that wrote last, else the customer's; and the name."""
    last = ticket.messages.filter(direction=Direction.IN).exclude(address="").order_by("-id").first()
    if last and "@" in last.address:
        return last.address, last.name or ticket.customer.name
    return ticket.customer.email, ticket.customer.name


def thread(ticket: Ticket) -> list[str]:
    """The Message-IDs of the ticket's mails, the customer's last one at the end: what an answer refers to."""
    mails = list(ticket.messages.exclude(message_id="").order_by("id").values_list("direction", "message_id"))[-20:]
    newest = next((each for way, each in reversed(mails) if way == Direction.IN), "")
    return [each for _way, each in mails if each != newest] + ([newest] if newest else [])


@transaction.atomic
def note(ticket: Ticket, text: str, by: User | None) -> Message:
    """A word among colleagues; the customer never sees it."""
    if not text.strip():
        raise Refused(_("Write the note first."))
    return Message.objects.create(
        ticket=ticket, direction=Direction.NOTE, author=by, text=text.strip(), at=timezone.now()
    )


def assign(ticket: Ticket, to: User | None, was: int | None) -> None:
    """Give the ticket to someone. `was`: whose it was when the page was shown; if it is another's by now, Refused."""
    changed = Ticket.objects.filter(pk=ticket.pk, assignee=was).update(assignee=to)
    if not changed and Ticket.objects.filter(pk=ticket.pk).exclude(assignee=to).exists():
        now = Ticket.objects.select_related("assignee").get(pk=ticket.pk).assignee
        name = now or _("nobody")
        raise Refused(_("Meanwhile it belongs to %(name)s. Look again, then decide.") % {"name": name})


@transaction.atomic
def set_kind(ticket: Ticket, kind: TicketKind) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(kind=kind)
    tell(ticket)


@transaction.atomic
def solve(ticket: Ticket, by: User | None) -> None:
    move(hold(ticket), TicketState.SOLVED, timezone.now(), by)
    tell(ticket)


@transaction.atomic
def close(ticket: Ticket, by: User | None) -> None:
    """Done with without an answer: spam, a mistake."""
    move(hold(ticket), TicketState.CLOSED, timezone.now(), by)
    tell(ticket)


@transaction.atomic
def reopen(ticket: Ticket, by: User | None) -> None:
    move(hold(ticket), TicketState.OPEN, timezone.now(), by)
    tell(ticket)


def move(ticket: Ticket, state: TicketState, at: datetime, by: User | None) -> None:
    """Into another state. Solved, closed and open again are steps of the ticket's way; waiting for an answer is not."""
    if ticket.state == state:
        return
    is_step = state in (TicketState.SOLVED, TicketState.CLOSED) or ticket.is_solved
    ticket.state = state
    ticket.save(update_fields=["state"])
    if is_step:
        TicketChange.objects.create(ticket=ticket, state=state, at=at, by=by)


def show_newest(ticket: Ticket, message: Message) -> None:
    """What the list shows of the ticket, and where it stands in it."""
    Ticket.objects.filter(pk=ticket.pk).update(
        last_message_at=Greatest(F("last_message_at"), message.at), last_text=" ".join(message.text[:400].split())[:200]
    )


def first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:80]


def hold(ticket: Ticket) -> Ticket:
    """The ticket as it is now, and nobody else may change it until the transaction ends."""
    return Ticket.objects.select_for_update(of=("self",)).select_related("customer").get(pk=ticket.pk)


def tell(ticket: Ticket) -> None:
    events.derive("support", [ticket.customer_id])


def fits(ticket: Ticket, address: str) -> bool:
    """Whether a mail from `address` may belong to the ticket: its customer's, or one that took part in it."""
    if address == ticket.customer.email.lower():
        return True
    took_part = Q(address__iexact=address) | Q(copies__contains=[address])
    return ticket.messages.filter(took_part).exclude(direction=Direction.NOTE).exists()
