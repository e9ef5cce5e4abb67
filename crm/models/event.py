"""A behaviour of a customer: append only, a partition a month. Written through crm/events.py alone."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from crm.channels import Channel
from crm.models.customer import Customer


class Event(models.Model):
    """What a customer did or what was done for them, at a moment. The key is also the time line's index."""

    pk = models.CompositePrimaryKey("customer_id", "at", "id")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="events", db_index=False)
    at = models.DateTimeField(db_default=Now())
    id = models.BigIntegerField(
        db_default=models.Func(
            models.Value("crm_event_id_seq"), function="nextval", output_field=models.BigIntegerField()
        )
    )
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=12, choices=Channel, blank=True, db_default="")
    app = models.CharField(max_length=20, db_default="crm")
    # The row it came from, in the table of `kind` and `app`; 0 for none.
    object_id = models.BigIntegerField(db_default=0)
    properties: ClassVar = models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)
    value = models.DecimalField(max_digits=20, decimal_places=6, null=True)

    class Meta:
        db_table = "crm_event"

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"
