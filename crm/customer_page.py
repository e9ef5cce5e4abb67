"""Panels of the customer page: each app adds its own, so that crm knows nothing of orders, campaigns or tickets."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from crm.models import Customer


@dataclass(frozen=True)
class Panel:
    name: str
    label: str | Promise
    # Draws the whole <section class="r-panel" aria-labelledby="panel-NAME"> with `panel`, `customer`, `user`, `perms` and what
    # `context` gives; a panel with nothing to show draws nothing.
    template: str
    context: Callable[[Customer], dict[str, object]]
    permission: str  # a key of crm.roles.PERMISSIONS
    order: int = 100


panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    panels[panel.name] = panel
