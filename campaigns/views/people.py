"""The customers of a campaign, by what became of them: everyone on its list, left out ones with the reason too."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from campaigns import results
from campaigns.models import Campaign, CampaignState, Delivery, Result
from campaigns.models import DeliveryState as S
from campaigns.sending.accounts import Accounts, accounts
from campaigns.sending.control import OPEN
from campaigns.sending.verdict import sentence
from campaigns.views.drafts import as_uuid
from campaigns.views.listing import View
from campaigns.views.sending import get_launched
from crm.customer_table import BOM, Line, defused
from crm.roles import may
from crm.templatetags.regulars import moment

SIZE = 50
VIEWS: dict[str, tuple[str | Promise, Q]] = {
    "": (_("Audience"), ~Q(state=S.LEFT_OUT)),
    "opened": (_("Opened"), Q(opened_at__isnull=False)),
    "clicked": (_("Clicked"), Q(clicked_at__isnull=False)),
    "unsubscribed": (_("Unsubscribed"), Q(unsubscribed_at__isnull=False)),
    "failed": (_("Failed"), Q(state=S.FAILED)),
    "skipped": (_("Skipped"), Q(state=S.SKIPPED)),
    "in_doubt": (_("In doubt"), Q(state=S.IN_DOUBT)),
    "cancelled": (_("Cancelled"), Q(state=S.CANCELLED)),
    "waiting": (_("Waiting"), Q(state__in=OPEN)),
    "sent": (_("Sent"), Q(state=S.SENT)),
    "held_out": (_("Held out"), Q(state=S.HELD_OUT)),
    "left_out": (_("Left out"), Q(state=S.LEFT_OUT)),
}


@dataclass(frozen=True)
class Row:
    delivery: Delivery
    why: str
    bought: Decimal | None


@dataclass(frozen=True)
class Page:
    """As crm.keyset.Page: the public ids of the customers at the page's ends."""

    rows: list[Delivery]
    before: UUID | None
    after: UUID | None


@may("see_campaigns")
def people(request: HttpRequest, public_id: UUID) -> HttpResponse:
    campaign = get_launched(public_id)
    view, reason = chosen(request)
    found = chosen_rows(campaign, view, reason)
    page = keyset(found, request.GET.get("after"), request.GET.get("before"))
    bought = results.bought(campaign, [row.customer_id for row in page.rows])
    counts = numbers(campaign)
    context = {
        "campaign": campaign,
        "rows": [Row(row, why(row), bought.get(row.customer_id)) for row in page.rows],
        "page": page,
        "total": found.count() if reason else counts[view],
        "views": [
            View(label, f"?view={name}", counts[name], name == view)
            for name, (label, _condition) in VIEWS.items()
            if counts[name] or name == view
        ],
        "reason": sentence(reason) if reason else "",
    }
    return render(request, "campaigns/people.html", context)


@may("move_data")
def as_csv(request: HttpRequest, public_id: UUID) -> StreamingHttpResponse:
    """The chosen rows, all of them, as they come from the database."""
    campaign = get_launched(public_id)
    view, reason = chosen(request)
    response = StreamingHttpResponse(csv_lines(campaign, chosen_rows(campaign, view, reason)), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="campaign-{view or "audience"}-{public_id}.csv"'
    return response


def chosen(request: HttpRequest) -> tuple[str, str]:
    view = request.GET.get("view", "")
    return (view if view in VIEWS else "", request.GET.get("reason", ""))


def chosen_rows(campaign: Campaign, view: str, reason: str) -> QuerySet[Delivery]:
    found = Delivery.objects.filter(VIEWS[view][1], campaign=campaign)
    return found.filter(reason=reason) if reason else found


def numbers(campaign: Campaign) -> dict[str, int]:
    """How many each view holds: from the accounts, and from the last count of the result."""
    found = kept_accounts(campaign)
    answers = Result.objects.filter(campaign=campaign).first()
    return {
        "": found.audience,
        "opened": answers.opened if answers else 0,
        "clicked": answers.clicked if answers else 0,
        "unsubscribed": answers.unsubscribed if answers else 0,
        "waiting": found.open,
        **{
            state: found.by_state[state]
            for state in (S.SENT, S.FAILED, S.SKIPPED, S.IN_DOUBT, S.CANCELLED, S.HELD_OUT, S.LEFT_OUT)
        },
    }


def kept_accounts(campaign: Campaign) -> Accounts:
    """Those of a finished campaign are kept for a minute: counting a large one takes longer than the page."""
    if campaign.state != CampaignState.FINISHED:
        return accounts(campaign)
    return cache.get_or_set(f"accounts:{campaign.pk}", lambda: accounts(campaign), 60) or accounts(campaign)


def keyset(found: QuerySet[Delivery], after: str | None, before: str | None) -> Page:
    """In the order of the list, from the customer with that public id on."""
    backwards = bool(before and not after)
    asked = as_uuid(after or before)
    anchor = found.filter(customer__public_id=asked).values_list("pk", flat=True).first() if asked else None
    found = found.select_related("customer")
    if anchor is not None:
        found = found.filter(pk__lt=anchor) if backwards else found.filter(pk__gt=anchor)
    rows = list(found.order_by("-pk" if backwards else "pk")[: SIZE + 1])
    more, rows = len(rows) > SIZE, rows[:SIZE]
    if backwards:
        rows.reverse()
    has_before, has_after = (more, True) if backwards else (anchor is not None, more)
    return Page(
        rows,
        rows[0].customer.public_id if rows and has_before else None,
        rows[-1].customer.public_id if rows and has_after else None,
    )


def why(delivery: Delivery) -> str:
    if delivery.state in (S.FAILED, S.SKIPPED, S.IN_DOUBT, S.LEFT_OUT):
        return sentence(delivery.reason)
    return ""


def csv_lines(campaign: Campaign, found: QuerySet[Delivery]) -> Iterator[str]:
    writer = csv.writer(Line())
    yield BOM + writer.writerow(
        [
            _t("Customer"),
            _t("Address"),
            _t("State"),
            _t("Reason"),
            _t("Sent"),
            _t("Opened"),
            _t("Clicked"),
            _t("Unsubscribed"),
        ]
    )
    for row in found.select_related("customer").order_by("pk").iterator(chunk_size=2000):
        times = (row.sent_at, row.opened_at, row.clicked_at, row.unsubscribed_at)
        yield writer.writerow(
            [defused(row.customer), defused(row.address), row.get_state_display(), why(row), *map(moment, times)]
        )
