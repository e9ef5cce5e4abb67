"""A mail comes in: stored, then understood, then filed as a ticket, a reply, a bounce, an automatic reply, or kept.

Stored comes first, in a transaction of its own: whatever goes wrong later, no mail is lost.
"""

import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import Message as Mime

import structlog
from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from crm.channels import Channel
from crm.models import Shop, Suppression
from crm.models.consent import SuppressionReason
from support import customers, tickets
from support.mail import machines
from support.mail.addresses import reply_token, token_in
from support.mail.keep import keep
from support.mail.letter import Letter, Unreadable, get, read
from support.models import Delivery, Direction, Message, RawKind, RawMail, Ticket

MAILS_AN_HOUR = 20  # from one address; more is a loop or an attack, and is kept
NUMBER_IN_SUBJECT = re.compile(r"\[#(\d{1,15})\]")
log = structlog.get_logger()


@dataclass(frozen=True)
class Outcome:
    """What became of a mail."""

    kind: str
    ticket: int | None = None
    customer: str | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def receive(raw: bytes, mailbox: str = "support") -> Outcome:
    """Store a mail and file it. The same mail again changes nothing and gives what became of it before."""
    return file(keep(raw, mailbox).pk)


def file(pk: int) -> Outcome:
    """File a stored mail that is not filed yet. What cannot be understood is kept, with the reason."""
    try:
        with transaction.atomic():
            return file_once(pk)
    except Unreadable as unreadable:
        return set_aside(pk, str(unreadable))
    except OperationalError:  # the database's trouble is not the mail's: `file_waiting` tries it again
        raise
    except Exception as error:  # a mail can be broken in ways that nobody has thought of
        log.exception("A mail could not be read", mail=pk)
        return set_aside(pk, _("It could not be read (%(error)s).") % {"error": type(error).__name__})


def file_once(pk: int) -> Outcome:
    mail = RawMail.objects.select_for_update(of=("self",)).select_related("ticket__customer").get(pk=pk)
    if mail.kind:
        return outcome_of(mail)
    mime, letter = read(bytes(mail.raw), mail.received_at)
    mail.sender, mail.subject = letter.sender[:254], letter.subject
    shop = Shop.current()
    if report := machines.bounce(mime):
        file_bounce(mail, report)
    elif reason := machines.automatic(mime, {shop.sender_email.lower(), mail.mailbox.lower()}):
        mail.kind, mail.reason, mail.ticket = RawKind.AUTO_REPLY, reason, ticket_of(letter)
    elif too_many(mail):
        mail.kind = RawKind.KEPT
        mail.reason = _("More than %(n)s mails within an hour came from this address.") % {"n": MAILS_AN_HOUR}
    else:
        file_letter(mail, letter, mime)
    mail.save()
    return outcome_of(mail)


def file_letter(mail: RawMail, letter: Letter, mime: Mime) -> None:
    """A human's mail: into the ticket that it answers, if its sender belongs there, else a new one."""
    said = tickets.Said(
        text=letter.text,
        at=letter.at,
        address=letter.sender,
        name=letter.name,
        copies=letter.copies,
        quoted=letter.quoted,
        html=letter.html,
        files=letter.files,
        message_id=letter.message_id,
        references=letter.references,
        raw=mail,
    )
    if ticket := ticket_of(letter):
        mail.kind, mail.ticket = RawKind.REPLY, ticket
        tickets.write(ticket, said)
        return
    customer = customers.by_email(letter.sender, letter.name, letter.at, "mail")
    subject = NUMBER_IN_SUBJECT.sub("", letter.subject).strip()
    mail.kind, mail.ticket = RawKind.TICKET, tickets.open_ticket(customer, said, subject=subject)
    if others := stranger_to(letter):
        words = {"number": others.number, "address": letter.sender}
        text = _("It answers a mail of #%(number)s, but %(address)s took no part in that.") % words
        tickets.note(mail.ticket, text, by=None)


def ticket_of(letter: Letter) -> Ticket | None:
    """The ticket that a mail answers: by the mails it refers to, our token in its address, or the number in its subject.

    However it is found, the sender must belong to it: numbers can be guessed and mails passed on.
    """
    for ticket in tickets_named(letter):
        if tickets.fits(ticket, letter.sender):
            return ticket
    return None


def tickets_named(letter: Letter) -> list[Ticket]:
    """The tickets that a mail names, the surest sign first."""
    referred = {
        message.message_id: message.ticket
        for message in Message.objects.filter(message_id__in=letter.references).select_related("ticket__customer")
    }
    found = [referred[each] for each in reversed(letter.references) if each in referred]
    numbers = [number for address in letter.recipients if (number := number_in(address))]
    numbers += [int(number) for number in NUMBER_IN_SUBJECT.findall(letter.subject)[:3]]
    by_number = {
        ticket.number: ticket for ticket in Ticket.objects.filter(number__in=numbers).select_related("customer")
    }
    found += [by_number[number] for number in numbers if number in by_number]
    return list(dict.fromkeys(found))


def number_in(address: str) -> int | None:
    """The ticket's number in an address of ours, shop+t2041.…@, where its token is right."""
    number, token = token_in(address)
    return number if number and constant_time_compare(token, reply_token(number)) else None


def stranger_to(letter: Letter) -> Ticket | None:
    """The ticket whose mail this one answers although its sender took no part in it."""
    message = Message.objects.filter(message_id__in=letter.references).select_related("ticket").order_by("-id").first()
    return message.ticket if message else None


def file_bounce(mail: RawMail, report: machines.Bounce) -> None:
    """One of our answers did not arrive: shown on it, and its ticket waits for us again."""
    mail.kind, mail.reason = RawKind.BOUNCE, report.reason[:300]
    message = (
        Message.objects.filter(message_id__in=report.original_ids, direction=Direction.OUT)
        .select_related("ticket")
        .order_by("-id")
        .first()
    )
    if message is None:
        return
    mail.ticket = message.ticket
    if not report.failed:
        return
    Message.objects.filter(pk=message.pk).update(delivery=Delivery.FAILED, error=report.reason[:500])
    tickets.reopen(message.ticket, by=None)
    if report.no_such_address:
        Suppression.objects.get_or_create(
            channel=Channel.EMAIL, address=message.address.lower(), defaults={"reason": SuppressionReason.BOUNCED}
        )


def too_many(mail: RawMail) -> bool:
    lately = Q(received_at__gt=timezone.now() - timedelta(hours=1), kind__in=[RawKind.TICKET, RawKind.REPLY])
    return RawMail.objects.filter(lately, sender=mail.sender).count() >= MAILS_AN_HOUR


def set_aside(pk: int, reason: str) -> Outcome:
    """Keep a mail for someone to look at, with what little can be told of it."""
    mail = RawMail.objects.get(pk=pk)
    if mail.kind:
        return outcome_of(mail)
    mail.kind, mail.reason = RawKind.KEPT, reason[:300]
    mail.sender, mail.subject = mail.sender, mail.subject or glimpse(bytes(mail.raw))
    mail.save(update_fields=["kind", "reason", "sender", "subject"])
    return outcome_of(mail)


def glimpse(raw: bytes) -> str:
    """The subject, or how it begins."""
    try:
        return get(message_from_bytes(raw[:100_000], policy=policy.compat32), "Subject")[:300]
    except Exception:
        return ""


def outcome_of(mail: RawMail) -> Outcome:
    ticket = mail.ticket
    return Outcome(
        mail.kind,
        ticket.number if ticket else None,
        str(ticket.customer.public_id) if ticket else None,
        mail.reason,
    )


def again(mail: RawMail) -> Outcome:
    """Try to file a kept mail once more, after a repair."""
    RawMail.objects.filter(pk=mail.pk, kind=RawKind.KEPT).update(kind="", reason="")
    return file(mail.pk)


def file_waiting() -> None:
    """File what was stored but not filed, because a process died in between."""
    waiting = RawMail.objects.filter(kind="", received_at__lt=timezone.now() - timedelta(minutes=1))
    for pk in list(waiting.order_by("pk").values_list("pk", flat=True)[:200]):
        file(pk)
