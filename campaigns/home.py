"""The card of campaigns on the shop overview: what the last ones earned."""

from django.http import HttpRequest

from campaigns.models import Campaign
from campaigns.results import Outcome
from campaigns.results.pictures import lift_pictures
from crm import home

SHOWN = 4


@home.card("campaigns", template="campaigns/home_card.html", permission="see_campaigns", order=20)
def earned(request: HttpRequest) -> dict[str, object]:
    """The last campaigns that went out, each with its lift over the hold-out on one scale."""
    campaigns = Campaign.objects.exclude(launched_at=None).exclude(result=None).select_related("result")
    outcomes = {each.pk: Outcome(each, each.result) for each in campaigns.order_by("-launched_at")[:SHOWN]}
    pictures = lift_pictures(outcomes)
    return {"rows": [(outcome, pictures.get(key)) for key, outcome in outcomes.items()]}
