"""Segments to start from: what most sellers ask first. They are drafts; saving makes them the shop's own."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.segments.rules import RulesError, parse


@dataclass(frozen=True)
class Ready:
    key: str
    name: str | Promise
    description: str | Promise
    rules: dict[str, object]


def _score(measure: str, compare: str, number: int) -> dict[str, object]:
    return {"condition": "score", "measure": measure, "model": "statistical", "compare": compare, "class": number}


READY = [
    Ready(
        "second-order", _("Second order due"), _("Ordered once, one to six months ago: the hardest step is the second order."),
        {"all": [
            {"condition": "orders", "compare": "exactly", "number": 1},
            {"condition": "last_order", "when": "over", "days": 30},
            {"condition": "last_order", "when": "within", "days": 180},
        ]},
    ),
    Ready(
        "lapsed-champions", _("Lapsed champions"), _("Used to order often and have not for long: worth a call."),
        {"all": [_score("f", "at_least", 4), _score("r", "at_most", 2)]},
    ),
    Ready(
        "opened-never-bought", _("Opened, never bought"), _("Read your mails in the last 90 days and have no order yet."),
        {"all": [
            {"condition": "event", "kind": "mail_opened", "compare": "at_least", "times": 1, "days": 90},
            {"condition": "orders", "compare": "exactly", "number": 0},
        ]},
    ),
]  # fmt: skip


def ready() -> list[Ready]:
    """Those whose conditions are known here: apps bring their own kinds of behaviour."""
    return [each for each in READY if _known(each.rules)]


def _known(rules: dict[str, object]) -> bool:
    try:
        parse(rules)
    except RulesError:
        return False
    return True
