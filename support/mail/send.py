"""Answers go out: at least once, always with the same Message-ID; a failure is shown on the message and opens the ticket."""

import smtplib
from datetime import timedelta
from uuid import uuid4

import structlog
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.models import Customer, Shop
from support import tickets
from support.mail import addresses
from support.mail.machines import OURS
from support.models import Delivery, Direction, Message, Ticket

# After a failure that may pass: minutes until the next try. After the last one it has failed for good.
TRY_AGAIN = [1, 5, 15, 60, 240]
log = structlog.get_logger()


def new_message_id(ticket: Ticket) -> str:
    return f"<t{ticket.number}.{uuid4().hex}@{addresses.domain(Shop.current())}>"


def send_waiting() -> int:
    """Send every answer that is due; how many were looked at."""
    due = Message.objects.filter(delivery=Delivery.QUEUED, try_at__lte=timezone.now()).order_by("try_at")
    pks = list(due.values_list("pk", flat=True)[:200])
    for pk in pks:
        send(pk)
    return len(pks)


def send(pk: int) -> None:
    """Send one answer, unless another worker has it in hand. Its row is held until the server has answered."""
    shop = Shop.current()
    if shop.sending_held:
        return
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("ticket__customer")
            .filter(pk=pk, delivery=Delivery.QUEUED, try_at__lte=timezone.now())
            .first()
        )
        if message is None:
            return
        try:
            mail(message, shop).send()
        except Exception as error:
            failed(message, error)
        else:
            message.delivery, message.error = Delivery.SENT, ""
            message.save(update_fields=["delivery", "error"])


def mail(message: Message, shop: Shop) -> EmailMessage:
    """The mail of an answer, in the customer's language or the shop's."""
    ticket = message.ticket
    with translation.override(language_of(ticket.customer, shop)):
        before = ticket.messages.filter(direction=Direction.IN, pk__lt=message.pk).order_by("-id").first()
        body = render_to_string(
            "support/answer.txt", {"message": message, "ticket": ticket, "shop": shop, "before": before}
        )
        subject = ticket.subject or _("Your question")
    headers = {
        "Message-ID": message.message_id,
        "References": " ".join(message.references),
        "In-Reply-To": message.references[-1] if message.references else "",
        OURS: f"ticket {ticket.number}",
    }
    return EmailMessage(
        subject=f"Re: {one_line(subject)} [#{ticket.number}]",
        body=body,
        from_email=addresses.sender(shop),
        to=[message.address],
        reply_to=addresses.reply_to(shop, ticket.number),
        headers={name: value for name, value in headers.items() if value},
    )


def language_of(customer: Customer, shop: Shop) -> str:
    return customer.language or shop.language


def one_line(text: str) -> str:
    return " ".join(text.split())


def failed(message: Message, error: Exception) -> None:
    """Try later what may pass; else say so on the message, and the ticket waits for us again."""
    code, words = reason(error)
    log.warning("An answer did not go out", message=message.pk, code=code, error=words)
    if (code is None or 400 <= code < 500) and message.attempts < len(TRY_AGAIN):
        message.try_at = timezone.now() + timedelta(minutes=TRY_AGAIN[message.attempts])
        message.attempts += 1
        message.error = words[:500]
        message.save(update_fields=["try_at", "attempts", "error"])
        return
    message.delivery, message.error = Delivery.FAILED, words[:500]
    message.save(update_fields=["delivery", "error"])
    tickets.reopen(message.ticket, by=None)


def reason(error: Exception) -> tuple[int | None, str]:
    """The server's code (None: it was not reached) and words."""
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        code, words = next(iter(error.recipients.values()))
        return code, f"{code} {words.decode('utf-8', 'replace')}"
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error if isinstance(error.smtp_error, str) else error.smtp_error.decode("utf-8", "replace")
        return error.smtp_code, f"{error.smtp_code} {said}"
    if isinstance(error, (OSError, smtplib.SMTPServerDisconnected)) and not isinstance(
        error, smtplib.SMTPNotSupportedError
    ):
        return None, _("The mail server was not reached (%(error)s).") % {"error": error}
    return 500, f"{type(error).__name__}: {error}"


@transaction.atomic
def retry(message: Message) -> None:
    """Put a failed answer into the queue again."""
    changed = Message.objects.filter(pk=message.pk, delivery=Delivery.FAILED).update(
        delivery=Delivery.QUEUED, attempts=0, try_at=timezone.now(), error=""
    )
    if changed:
        tickets.tell(message.ticket)
