"""What a campaign has brought: the lift over the hold-out, from sent to ordered, reasons, links, and the figures as CSV."""

import csv
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from campaigns import results
from campaigns.models import Campaign, Link
from campaigns.progress import Progress
from campaigns.results.pictures import funnel, lift_pictures, plot
from campaigns.sending.accounts import accounts
from campaigns.views.sending import get_launched
from crm import sql
from crm.customer_table import BOM
from crm.roles import may
from crm.templatetags.regulars import day


@dataclass(frozen=True)
class LinkClicks:
    url: str
    people: int
    machines: int


@may("see_campaigns")
def result(request: HttpRequest, public_id: UUID) -> HttpResponse:
    campaign = get_launched(public_id)
    days, found = results.days(campaign), accounts(campaign)
    outcome = results.of(campaign)
    context = {
        "campaign": campaign,
        "outcome": outcome,
        "accounts": found,
        "progress": Progress(found),
        "links": clicks(campaign),
        "days": days,
        "plot": plot(days, outcome) if outcome else None,
        "funnel": funnel(outcome) if outcome else [],
        "picture": lift_pictures({0: outcome}).get(0) if outcome else None,
    }
    return render(request, "campaigns/result.html", context)


def clicks(campaign: Campaign) -> list[LinkClicks]:
    """How many customers clicked each link, in the order of the message; machines apart."""
    urls = dict(Link.objects.filter(campaign=campaign).order_by("position").values_list("position", "url"))
    with connection.cursor() as cursor:
        sql.run(cursor, "results/clicks", campaign=campaign.pk, launched_at=campaign.launched_at)
        found = {link: (people, machines) for link, people, machines in cursor.fetchall()}
    return [LinkClicks(url, *found.get(position, (0, 0))) for position, url in urls.items()]


@may("see_campaigns")
def as_csv(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The table behind the chart: who ordered by day and group."""
    campaign = get_launched(public_id)
    response = HttpResponse(BOM, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="campaign-{campaign.public_id}.csv"'
    writer = csv.writer(response)
    writer.writerow(
        [_("Day"), _("Ordered, received"), _("Ordered, held out"), _("Received so far"), _("Held out so far")]
    )
    for each in results.days(campaign):
        writer.writerow([day(each.at), each.reached, each.held_out, each.reached_so_far, each.held_out_so_far])
    return response
