"""What the mail server's answer means for the delivery, the address and the campaign.

The enhanced code is read before the plain one: a server that refuses *us* (5.7.x) pauses the campaign and is held against
nobody; only an address that does not exist is never written to again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.sending.smtp import Answer, Stage
from crm import contactability

# Bad mailbox, bad system, bad syntax, moved, takes no mail (RFC 3463, 7505).
NO_SUCH_ADDRESS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}
# For servers that give no enhanced code.
SAYS_UNKNOWN = re.compile(
    r"(no such|unknown|invalid|nonexist|does ?n.t exist|does not exist|not found|not a valid)", re.IGNORECASE
)

# Why a delivery failed or was left out, beside the rules of contactability.
REASONS: dict[str, str | Promise] = {
    "unknown_address": _("the address does not exist"),
    "mailbox_full": _("the mailbox is full"),
    "refused": _("the mail server refused it"),
    "not_taken": _("the mail server put it off again and again"),
    "no_message": _("the message could not be filled in"),
    "same_address": _("another customer with the same address is written to"),
    "other_address": _("the address changed after the launch"),
    "worker_lost": _("the worker was lost while it was sending"),
    "connection_lost": _("the connection was lost while the mail went out"),
}


def sentence(reason: str) -> str:
    """A reason in words that complete “because …”."""
    return str(REASONS.get(reason) or contactability.sentence(reason))


class Fate(Enum):
    SENT = auto()
    LATER = auto()
    FAILED = auto()
    STOP = auto()  # nobody would get it now: the campaign is paused, the delivery stays in the queue


@dataclass(frozen=True)
class Verdict:
    fate: Fate
    reason: str = ""
    address_is_dead: bool = False


def judge(answer: Answer) -> Verdict:
    if answer.accepted:
        return Verdict(Fate.SENT)
    if answer.code < 500:
        return Verdict(Fate.LATER, "not_taken")
    if answer.enhanced in NO_SUCH_ADDRESS:
        return Verdict(Fate.FAILED, "unknown_address", address_is_dead=True)
    if answer.enhanced.startswith("5.7.") or answer.stage == Stage.SENDER:
        return Verdict(Fate.STOP)
    if answer.enhanced == "5.2.2":
        return Verdict(Fate.FAILED, "mailbox_full")
    if not answer.enhanced and answer.stage == Stage.RECIPIENT and SAYS_UNKNOWN.search(answer.text):
        return Verdict(Fate.FAILED, "unknown_address", address_is_dead=True)
    return Verdict(Fate.FAILED, "refused")
