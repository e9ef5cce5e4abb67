"""Panels of the customer page: each app adds its own, so that crm knows nothing of orders, campaigns or tickets."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from crm.models import Customer


@dataclass(frozen=True)
class Panel:
    name: str
    label: str | Promise
    template: str  # rendered with `panel`, `customer` and what `context` gives
    context: Callable[[Customer], dict[str, object]]
    permission: str  # a key of crm.roles.PERMISSIONS
    order: int = 100


panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    panels[panel.name] = panel
