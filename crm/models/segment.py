"""A segment: rules by which customers belong together, who belongs now, and who entered and left."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.models.customer import Customer


class Segment(models.Model):
    """Rules as JSON (crm/segments/rules.py), refreshed in the database as one difference."""

    public_id = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"), editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.CharField(_("what it is for"), max_length=300, blank=True, default="", db_default="")
    rules = models.JSONField(default=dict)
    size = models.IntegerField(db_default=0, editable=False)
    refreshed_at = models.DateTimeField(null=True, editable=False)
    error = models.CharField(max_length=300, blank=True, default="", db_default="", editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=models.functions.Now(), editable=False)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("crm:segment", args=[self.public_id])


class Membership(models.Model):
    pk = models.CompositePrimaryKey("customer_id", "segment_id")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="memberships")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="memberships", db_index=False)
    since = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        indexes = [models.Index(fields=["segment", "customer"], name="membership_segment")]

    def __str__(self) -> str:
        return f"{self.customer_id} in {self.segment_id}"


class MembershipChange(models.Model):
    """Entered or left, kept for the history of the segment and for what later acts on it."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="changes", db_index=False)
    entered = models.BooleanField()
    at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        indexes = [models.Index(fields=["segment", "-at"], name="change_segment_at")]

    def __str__(self) -> str:
        return f"{self.customer_id} {'entered' if self.entered else 'left'} {self.segment_id}"
