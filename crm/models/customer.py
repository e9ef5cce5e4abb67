"""The customer: a person, an organisation, or a visitor who has not said who they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm import contactability, phones
from crm.channels import Channel, MessageStyle, Purpose

if TYPE_CHECKING:
    from crm.models.score import Score


class Fold(models.Func):
    """Text as people search it: lower case, without Vietnamese marks (`crm_fold` in the first migration)."""

    function = "crm_fold"
    output_field = models.TextField()


class CustomerKind(models.TextChoices):
    PERSON = "person", _("Person")
    ORGANISATION = "organisation", _("Organisation")


class CustomerQuerySet(models.QuerySet["Customer"]):
    def identified(self) -> Self:
        """Lists and totals show these: everyone but visitors (docs/domain.md 3)."""
        return self.exclude(registered_at=None)

    def contactable(self, channel: Channel, at: datetime, purpose: Purpose = Purpose.MARKETING) -> Self:
        """Customers whom nothing forbids to contact by `channel` at `at`: consent, suppression, and every registered rule."""
        return self.exclude(contactability.refused(channel, purpose, at))

    def search(self, text: str) -> Self:
        """By name with or without Vietnamese marks, phone in any format, e-mail address or external id."""
        text = text.strip()
        return self.filter(Customer.matching(text)) if text else self.none()


class Customer(models.Model):
    """One person or organisation is one row, whatever the channel. `public_id` is the only id that leaves the system."""

    public_id = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"), editable=False)
    kind = models.CharField(
        _("kind"), max_length=12, choices=CustomerKind, default=CustomerKind.PERSON, db_default=CustomerKind.PERSON
    )
    name = models.CharField(_("name"), max_length=200, blank=True, db_default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, db_default="")
    phone = models.CharField(
        _("phone"), max_length=20, blank=True, db_default="", help_text=_("Stored as +84…, shown as 0903 418 265.")
    )
    address = models.CharField(_("address"), max_length=300, blank=True, db_default="")
    city = models.CharField(_("city or province"), max_length=120, blank=True, db_default="")
    country = models.CharField(_("country"), max_length=2, blank=True, db_default="")
    language = models.CharField(_("language"), max_length=5, blank=True, db_default="", choices=settings.LANGUAGES)
    source = models.CharField(
        _("source"), max_length=60, blank=True, db_default="", help_text=_("Where the customer came from first.")
    )
    preferred_channel = models.CharField(
        _("preferred channel"), max_length=12, blank=True, db_default="", choices=Channel
    )
    preferred_style = models.CharField(
        _("preferred style of message"), max_length=12, blank=True, db_default="", choices=MessageStyle
    )
    tags = models.JSONField(_("tags"), default=list, db_default=[], blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("owner"), related_name="+"
    )
    # The earliest of account, opt-in, first order and first line in a file; none: a visitor (docs/domain.md 3).
    registered_at = models.DateTimeField(_("customer since"), null=True, blank=True)
    created_at = models.DateTimeField(db_default=models.functions.Now(), editable=False)

    # What is searched and matched, kept by the database so that COPY and SQL cannot forget it.
    search_name = models.GeneratedField(expression=Fold("name"), output_field=models.TextField(), db_persist=True)
    email_key = models.GeneratedField(expression=Lower("email"), output_field=models.TextField(), db_persist=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(OpClass("search_name", name="gin_trgm_ops"), name="customer_search_name"),
            GinIndex(OpClass("phone", name="gin_trgm_ops"), name="customer_search_phone"),
            models.Index(
                OpClass("email_key", name="text_pattern_ops"), condition=~models.Q(email=""), name="customer_email"
            ),
            models.Index(fields=["phone"], condition=~models.Q(phone=""), name="customer_phone"),
            models.Index(fields=["registered_at", "id"], name="customer_registered"),
            models.Index(fields=["search_name", "id"], name="customer_by_name"),
        ]

    def __str__(self) -> str:
        if self.name or self.email or self.phone:
            return self.name or self.email or self.phone
        reference = next(iter(self.references.all()), None)
        return reference.external_id if reference else gettext("Visitor")

    def get_absolute_url(self) -> str:
        return reverse("crm:customer", args=[self.public_id])

    @staticmethod
    def matching(text: str) -> models.Q:
        """What `search` finds, as a condition: ids from one index each, because an `or` over two tables could use none."""
        names = Customer.objects.filter(search_name__contains=Fold(models.Value(text))).order_by().values("pk")
        others: list[models.QuerySet[Any, Any]] = [
            Customer.objects.filter(email_key__startswith=text.lower()).exclude(email="").values("pk")
        ]
        digits = phones.digits(text)
        if len(digits) >= 3:
            others.append(Customer.objects.filter(phone__contains=digits).values("pk"))
        others.append(CustomerReference.objects.filter(external_id=text).values("customer"))
        return models.Q(pk__in=names.union(*others))

    @property
    def is_organisation(self) -> bool:
        return self.kind == CustomerKind.ORGANISATION

    @property
    def scores(self) -> dict[str, Score]:
        """Its class in each scoring model, by the model's slug. Prefetch `score_set__model` for lists."""
        return {score.model.slug: score for score in self.score_set.all()}


class CustomerReference(models.Model):
    """The customer's id in another system: the preset of an import, the web shop, a till."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="references")
    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="one_customer_a_reference")]
        indexes = [models.Index(fields=["external_id"], name="reference_external_id")]

    def __str__(self) -> str:
        return f"{self.source}: {self.external_id}"


class Note(models.Model):
    """What a member of staff wrote down about a customer."""

    public_id = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"), editable=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="notes")
    text = models.TextField(_("note"), max_length=5000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_default=models.functions.Now())

    def __str__(self) -> str:
        return self.text[:60]


def mark_changed(customer_ids: Iterable[int]) -> None:
    """Have these customers' facts, scores, stage and segments looked at again within a minute."""
    from crm.models.score import Due

    Due.objects.bulk_create([Due(customer_id=pk) for pk in customer_ids])
