"""Who may be written to: a ledger by channel and purpose, and the addresses that must not be (docs/domain.md 5)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.channels import Channel, Purpose
from crm.models.customer import Customer


class ConsentState(models.TextChoices):
    GRANTED = "granted", _("agreed")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Consent(models.Model):
    """A line of the ledger; lines are added, never changed but for `current`. No current line is no consent."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="consents")
    channel = models.CharField(max_length=12, choices=Channel)
    purpose = models.CharField(max_length=20, choices=Purpose, default=Purpose.MARKETING)
    state = models.CharField(max_length=12, choices=ConsentState)
    at = models.DateTimeField(db_default=models.functions.Now())
    source = models.CharField(
        max_length=60, help_text=_("Where it was given or withdrawn: web form, order by phone, link in a mail.")
    )
    wording = models.TextField(blank=True, db_default="", help_text=_("The words that were shown."))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    current = models.BooleanField(db_default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "channel", "purpose"], condition=models.Q(current=True), name="one_current_consent"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel}/{self.purpose}: {self.state}"


class SuppressionReason(models.TextChoices):
    BOUNCED = "bounced", _("the address does not exist")
    COMPLAINED = "complained", _("marked a mail as spam")
    REFUSED = "refused", _("asked never to be written to")


class Suppression(models.Model):
    """An address that gets no marketing, whoever has it. `address`: an e-mail in lower case or an E.164 number."""

    channel = models.CharField(max_length=12, choices=Channel)
    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=12, choices=SuppressionReason)
    at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="one_suppression_an_address")]

    def __str__(self) -> str:
        return f"{self.channel} {self.address}: {self.reason}"
