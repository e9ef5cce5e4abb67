"""What we told them: campaigns, their links, and one delivery a customer with what became of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.channels import Channel
from crm.models import Customer, Segment

if TYPE_CHECKING:
    from crm.models import User


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("draft")
    SENDING = "sending", _("sending")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")
    CANCELLED = "cancelled", _("cancelled")


class Campaign(models.Model):
    """One message to the customers of a segment. Its content and audience are fixed by the launch."""

    public_id = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"), editable=False)
    name = models.CharField(_("name"), max_length=120)
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="campaigns", verbose_name=_("segment"))
    channel = models.CharField(max_length=12, choices=Channel, default=Channel.EMAIL)
    subject = models.CharField(_("subject"), max_length=200)
    mjml = models.TextField(
        _("message"), help_text=_("MJML with placeholders, like {{ customer.name | default: 'friend' }}.")
    )
    holdout_share = models.DecimalField(
        _("held out"),
        max_digits=4,
        decimal_places=3,
        validators=[MinValueValidator(0), MaxValueValidator(Decimal("0.5"))],
    )
    window_days = models.PositiveIntegerField(
        _("orders count for days"), default=7, validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    state = models.CharField(max_length=10, choices=CampaignState, default=CampaignState.DRAFT)
    launched_at = models.DateTimeField(null=True)
    launched_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)
    progress_at = models.DateTimeField(
        null=True, help_text=_("When a delivery last changed: none for 2 minutes is an alarm.")
    )
    # Why the workers stopped by themselves, if they did.
    trouble = models.CharField(max_length=300, blank=True, db_default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="campaign_created")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("campaigns:campaign", args=[self.public_id])

    def launch(self, by: User | None, at: datetime) -> None:
        """Freeze the audience and begin to send; see campaigns/sending/launch.py."""
        from campaigns.sending import launch

        launch.launch(self, by, at)
        self.refresh_from_db()


class Link(models.Model):
    """A link in a campaign's message, in the order in which it stands there. Fixed by the launch."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="links")
    position = models.PositiveSmallIntegerField()
    url = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "position"], name="one_link_a_position")]

    def __str__(self) -> str:
        return self.url


class DeliveryState(models.TextChoices):
    """docs/domain.md 5: audience = held out + sent + failed + skipped + in doubt + cancelled (+ open while it runs)."""

    LEFT_OUT = "left_out", _("left out")  # before the freeze, with a reason: no part of the audience
    HELD_OUT = "held_out", _("held out")
    QUEUED = "queued", _("queued")
    SENDING = "sending", _("sending")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    SKIPPED = "skipped", _("skipped")
    IN_DOUBT = "in_doubt", _("in doubt")
    CANCELLED = "cancelled", _("cancelled")


class Delivery(models.Model):
    """A customer of a campaign's frozen list. Nothing rendered is stored: the campaign and the customer are enough."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="deliveries", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="deliveries")
    address = models.CharField(max_length=254, help_text=_("Normalised: lower case."))
    state = models.CharField(max_length=10, choices=DeliveryState)
    # A rule of contactability, or a word for what the server said.
    reason = models.CharField(max_length=40, blank=True, db_default="")
    detail = models.CharField(max_length=300, blank=True, db_default="")
    worker = models.CharField(max_length=60, blank=True, db_default="")
    # While sending: until when its worker is believed. While queued: not to be tried again before.
    lease = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    # Its refusal has stopped the campaign once; it does not a second time.
    stopped = models.BooleanField(db_default=False)
    sent_at = models.DateTimeField(null=True)
    # The first of each, from the collected events, for the results page.
    opened_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    machine_opened_at = models.DateTimeField(null=True)
    machine_clicked_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer"], name="one_delivery_a_customer"),
            models.UniqueConstraint(
                fields=["campaign", "address"], condition=~Q(state="left_out"), name="one_delivery_an_address"
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "id"], condition=Q(state="queued"), name="delivery_queued"),
            models.Index(fields=["campaign", "lease"], condition=Q(state="sending"), name="delivery_sending"),
            models.Index(fields=["campaign", "state", "reason"], name="delivery_account"),
            # How many mails an address got lately (campaigns/rules.py).
            models.Index(fields=["address", "sent_at"], condition=~Q(sent_at=None), name="delivery_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} to {self.address}: {self.state}"


class Result(models.Model):
    """What a campaign has brought so far: counted again every few minutes while its window is open (campaigns/results)."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, primary_key=True, related_name="result")
    counted_at = models.DateTimeField()
    audience = models.IntegerField()
    sent = models.IntegerField()
    opened = models.IntegerField()
    clicked = models.IntegerField()
    machine_opened = models.IntegerField(help_text=_("Opened by machines only."))
    machine_clicked = models.IntegerField(help_text=_("Clicked by machines only."))
    unsubscribed = models.IntegerField()
    # Of those who were to be written to, and of the hold-out: how many there are, who ordered, how often, for how much.
    reached = models.IntegerField()
    buyers = models.IntegerField()
    orders = models.IntegerField()
    revenue = models.DecimalField(max_digits=20, decimal_places=6)
    revenue_squares = models.DecimalField(max_digits=40, decimal_places=6, help_text=_("Sum of squares by customer."))
    held_out = models.IntegerField()
    held_out_buyers = models.IntegerField()
    held_out_orders = models.IntegerField()
    held_out_revenue = models.DecimalField(max_digits=20, decimal_places=6)
    held_out_revenue_squares = models.DecimalField(max_digits=40, decimal_places=6)

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.buyers} of {self.reached}"
