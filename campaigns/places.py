"""Where campaigns show up outside their own pages: the customer page, the search."""

from dataclasses import dataclass

from django.db.models import Value
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Delivery
from campaigns.sending.verdict import sentence
from crm.models import Customer
from crm.models.customer import Fold
from crm.navigation import Found
from crm.templatetags.regulars import day

LATEST = 8


def find(text: str, limit: int) -> list[Found]:
    """Campaigns whose name holds the text, with or without marks."""
    named = Campaign.objects.annotate(folded=Fold("name")).filter(folded__contains=Fold(Value(text)))
    return [
        Found(
            campaign.name,
            f"{campaign.get_state_display()}, {day(campaign.launched_at)}" if campaign.launched_at else _("draft"),
            campaign.get_absolute_url(),
            "speakerphone",
        )
        for campaign in named.order_by("-created_at")[:limit]
    ]


@dataclass(frozen=True)
class Shown:
    """A delivery as the customer page shows it. `why`: the reason where nothing was sent."""

    delivery: Delivery
    why: str


def panel(customer: Customer) -> dict[str, object]:
    """The customer's latest deliveries, left out ones too: they say why somebody got nothing. One query."""
    latest = Delivery.objects.filter(customer=customer).select_related("campaign").order_by("-pk")[:LATEST]
    return {"deliveries": [Shown(each, sentence(each.reason) if each.reason else "") for each in latest]}
