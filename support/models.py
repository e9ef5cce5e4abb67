"""What customers asked: tickets, the messages in them, and every mail as it came in."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.channels import Channel
from crm.models import Customer


class TicketKind(models.TextChoices):
    """What a ticket is about; an open complaint suspends marketing (docs/domain.md 5)."""

    QUESTION = "question", _("Question")
    COMPLAINT = "complaint", _("Complaint")
    ORDER = "order", _("Order")
    OTHER = "other", _("Other")


class TicketState(models.TextChoices):
    OPEN = "open", _("open")
    WAITING = "waiting", _("waits for the customer")
    SOLVED = "solved", _("solved")
    CLOSED = "closed", _("closed")


UNSOLVED = [TicketState.OPEN, TicketState.WAITING]


class TicketQuerySet(models.QuerySet["Ticket"]):
    def unsolved(self) -> Self:
        return self.filter(state__in=UNSOLVED)

    def open_complaints(self) -> Self:
        """A complaint that is neither solved nor closed (docs/domain.md 5)."""
        return self.unsolved().filter(kind=TicketKind.COMPLAINT)


class Ticket(models.Model):
    """A matter of one customer. `number` is what staff and customers call it; it stands in the subject of answers."""

    public_id = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"), editable=False)
    number = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=models.Func(
            models.Value("support_ticket_number_seq"), function="nextval", output_field=models.BigIntegerField()
        ),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=TicketKind, default=TicketKind.QUESTION)
    subject = models.CharField(_("subject"), max_length=300, blank=True, db_default="")
    state = models.CharField(_("state"), max_length=10, choices=TicketState, default=TicketState.OPEN)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tickets", verbose_name=_("customer"))
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("assignee")
    )
    channel = models.CharField(_("channel"), max_length=12, choices=Channel, default=Channel.EMAIL)
    opened_at = models.DateTimeField(_("opened"))
    # What the list shows of the newest message, and by what it is ordered.
    last_message_at = models.DateTimeField(_("last message"))
    last_text = models.CharField(max_length=200, blank=True, db_default="")

    objects = TicketQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-last_message_at", "-id"], name="ticket_newest"),
            models.Index(
                fields=["state", "-last_message_at", "-id"],
                condition=Q(state__in=["open", "waiting"]),
                name="ticket_unsolved",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}"

    def get_absolute_url(self) -> str:
        return reverse("support:ticket", args=[self.number])

    @property
    def is_solved(self) -> bool:
        return self.state not in UNSOLVED


class TicketChange(models.Model):
    """A step of a ticket's way: solved, reopened, closed; with who made it (nobody: the customer or a failed mail)."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="changes")
    state = models.CharField(max_length=10, choices=TicketState)
    at = models.DateTimeField(db_default=models.functions.Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.state}"


class RawKind(models.TextChoices):
    TICKET = "ticket", _("a new ticket")
    REPLY = "reply", _("a reply")
    BOUNCE = "bounce", _("could not be delivered")
    AUTO_REPLY = "auto_reply", _("an automatic reply")
    KEPT = "kept", _("kept for you")


class RawMailQuerySet(models.QuerySet["RawMail"]):
    def kept(self) -> Self:
        """Mails of which no ticket could be made, for someone to look at."""
        return self.filter(kind=RawKind.KEPT, put_away_at=None)


class RawMail(models.Model):
    """A mail as it came, stored before anything is made of it. An empty `kind` is not filed yet."""

    public_id = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"), editable=False)
    mailbox = models.CharField(max_length=254)
    raw = models.BinaryField()
    # Of the letter without the marks of its way (support/mail/keep.py).
    sha256 = models.CharField(max_length=64)
    message_id = models.CharField(max_length=998, blank=True, db_default="")
    received_at = models.DateTimeField(db_default=models.functions.Now())
    kind = models.CharField(max_length=10, choices=RawKind, blank=True, db_default="")
    reason = models.CharField(max_length=300, blank=True, db_default="")
    sender = models.CharField(max_length=254, blank=True, db_default="")
    subject = models.CharField(max_length=300, blank=True, db_default="")
    # Goes with its ticket, so that erasing a customer erases their mails.
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="mails")
    # Someone has seen to a mail that was kept.
    put_away_at = models.DateTimeField(null=True)

    objects = RawMailQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "message_id", "sha256"], name="one_mail_once")]
        indexes = [
            models.Index(fields=["sender", "-received_at"], name="mail_sender"),
            models.Index(fields=["received_at"], condition=Q(kind=""), name="mail_not_filed"),
            models.Index(fields=["-received_at", "-id"], condition=Q(kind="kept", put_away_at=None), name="mail_kept"),
        ]

    def __str__(self) -> str:
        return f"{self.sender}: {self.subject}"


class Direction(models.TextChoices):
    IN = "in", _("from the customer")
    OUT = "out", _("to the customer")
    NOTE = "note", _("note for colleagues")


class Delivery(models.TextChoices):
    """How far an answer is. Answers go out at least once, always with the same Message-ID."""

    NONE = "", ""
    QUEUED = "queued", _("goes out")
    SENT = "sent", _("sent")
    FAILED = "failed", _("not delivered")


class Message(models.Model):
    """What one side wrote. `text` is what was said, `quoted` the mail below it; `html` is cleaned."""

    public_id = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"), editable=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    direction = models.CharField(max_length=4, choices=Direction)
    channel = models.CharField(max_length=12, choices=Channel, blank=True, db_default="")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # The other side: who wrote (in), to whom it goes (out).
    address = models.CharField(max_length=254, blank=True, db_default="")
    name = models.CharField(max_length=200, blank=True, db_default="")
    copies = ArrayField(models.CharField(max_length=254), default=list, db_default=[])
    text = models.TextField(blank=True, db_default="")
    quoted = models.TextField(blank=True, db_default="")
    html = models.TextField(blank=True, db_default="")
    # [{"name": "photo.jpg", "type": "image/jpeg", "size": 1234}]: named only; the files stay in the raw mail.
    files: ClassVar = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    at = models.DateTimeField()
    message_id = models.CharField(max_length=998, blank=True, db_default="")
    references = ArrayField(models.CharField(max_length=998), default=list, db_default=[])
    raw = models.ForeignKey(RawMail, models.SET_NULL, null=True, related_name="messages")
    delivery = models.CharField(max_length=6, choices=Delivery, blank=True, db_default="")
    attempts = models.SmallIntegerField(db_default=0)
    try_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True, db_default="")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["message_id"], condition=~Q(message_id=""), name="message_message_id"),
            models.Index(fields=["try_at"], condition=Q(delivery="queued"), name="message_queued"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
