"""Before the launch: who would get a campaign, who is left out and why, and the check list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import floor, sqrt

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from liquid.exceptions import LiquidError

from campaigns.messages import check
from campaigns.messages.markup import Problem
from campaigns.messages.render import Letter, MessageError, compile_letter, labelled
from campaigns.models import Campaign
from campaigns.progress import Reason, reasons
from campaigns.results.statistics import Z
from crm import contactability
from crm.channels import Channel, Purpose
from crm.models import Customer, Shop
from crm.models.shop import AdvertisingRules

SAME_ADDRESS = "same_address"


@dataclass(frozen=True)
class Plan:
    """found = left out + held out + receive."""

    found: int
    left_out: list[Reason]
    held_out: int
    receive: int

    @property
    def left_out_count(self) -> int:
        return sum(reason.customers for reason in self.left_out)

    @property
    def sees(self) -> float | None:
        """The smallest lift in points that a hold-out of this size would prove, if 3 % buy anyway; None without one."""
        if not self.held_out or not self.receive:
            return None
        return 100 * Z * sqrt(0.03 * 0.97 * (1 / self.held_out + 1 / self.receive))


def plan(campaign: Campaign, at: datetime) -> Plan:
    """What a launch at `at` would do, by the members the segment has now. Nothing is written."""
    members = Customer.objects.filter(memberships__segment=campaign.segment_id)
    why = members.annotate(why=contactability.reason(Channel(campaign.channel), Purpose.MARKETING, at))
    counted = why.values("why").annotate(customers=Count("pk"), addresses=Count("email_key", distinct=True))
    by_reason = {row["why"]: row for row in counted}
    reachable = by_reason.pop("", {"customers": 0, "addresses": 0})
    why_not = {name: row["customers"] for name, row in by_reason.items()}
    if twins := reachable["customers"] - reachable["addresses"]:
        why_not[SAME_ADDRESS] = twins
    held_out = floor(campaign.holdout_share * reachable["addresses"])
    return Plan(
        found=sum(why_not.values()) + reachable["addresses"],
        left_out=reasons(dict(sorted(why_not.items(), key=lambda item: -item[1]))),
        held_out=held_out,
        receive=reachable["addresses"] - held_out,
    )


@dataclass(frozen=True)
class Check:
    """A line of the check list. tone: good, wait (a warning) or risk (keeps the campaign from being launched)."""

    tone: str
    title: str
    text: str = ""
    url: str = ""


def checks(campaign: Campaign, plan: Plan, shop: Shop) -> list[Check]:
    problems = [*check.subject_problems(campaign.subject), *check.message_problems(campaign.mjml, shop)]
    return [*audience_checks(campaign, plan, shop), *message_checks(campaign, problems, shop), *sender_checks(shop)]


def audience_checks(campaign: Campaign, plan: Plan, shop: Shop) -> Iterator[Check]:
    edit = reverse("campaigns:audience", args=[campaign.public_id])
    if shop.sending_held:
        yield Check(
            "risk",
            _("Sending is held"),
            _("After a restore nothing goes out until somebody releases it in the settings."),
        )
    if plan.receive:
        yield Check("good", _("All who receive it have agreed"), _("Who, when and where is kept with each."))
    else:
        text = _(
            "Nobody in the segment may be written to: see the reasons. Consent can be imported or given on the customer's page."
        )
        yield Check("risk", _("Nobody would receive it"), text, edit)
    if not plan.held_out:
        text = _("Without customers who get nothing, nobody can say what the campaign has earned.")
        yield Check("wait", _("Nobody is held out"), text, edit)


def message_checks(campaign: Campaign, problems: list[Problem], shop: Shop) -> Iterator[Check]:
    edit = reverse("campaigns:message", args=[campaign.public_id])
    for problem in problems:
        title = _("An error in the message") if problem.error else _("A warning about the message")
        yield Check("risk" if problem.error else "wait", title, str(problem), edit)
    try:
        letter = compile_letter(campaign.subject, campaign.mjml, shop)
    except (MessageError, LiquidError):
        return
    yield from letter_checks(letter, edit)
    if labelled(campaign.subject, shop) != campaign.subject:
        yield Check("good", _("[QC] is put before the subject"), _("Vietnam's rules for advertising ask for it."))
    elif shop.advertising_rules == AdvertisingRules.VIETNAM:
        yield Check("good", _("The subject says that it is advertising"), campaign.subject[:4])


def letter_checks(letter: Letter, edit: str) -> Iterator[Check]:
    yield Check("good", _("One click to unsubscribe"), _("At the end of the mail and in its header."))
    if letter.links:
        hosts = ", ".join(sorted({link.split("/")[2] for link in letter.links}))
        links = _("Links: %(number)s") % {"number": len(letter.links)}
        if "example.com" in hosts:
            yield Check("wait", links, _("%(hosts)s: put your own address in its place.") % {"hosts": hosts}, edit)
        else:
            yield Check("good", links, hosts)
    else:
        yield Check("wait", _("No link"), _("Nobody can click, so answers are opens and orders alone."), edit)
    yield Check("good", _("%(size)s kB, with a text part") % {"size": max(1, letter.size // 1000)})


def sender_checks(shop: Shop) -> Iterator[Check]:
    sender = f"{shop.sender_name or shop.name} <{shop.sender_email}>"
    if shop.sender_email.endswith("@example.com"):
        yield Check("wait", _("The sender is an example"), sender)
    else:
        yield Check("good", _("From %(sender)s") % {"sender": sender})
    if not shop.postal_address:
        yield Check("wait", _("No postal address"), _("The shop's settings have none; it stands at the foot of mails."))
