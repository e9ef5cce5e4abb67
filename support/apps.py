"""Support: what customers asked, as behaviour for the time line, a reason not to send marketing, a panel and a finder."""

from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class SupportConfig(AppConfig):
    name = "support"

    def ready(self) -> None:
        from crm import events
        from crm.models import Event

        def ticket(event: Event) -> str | None:
            return reverse("support:ticket", args=[event.properties["number"]])

        def kind(name: str, label: object, icon: str, sentence: object) -> events.Kind:
            return events.Kind(name, label, icon, sentence, "tickets", app="support", link=ticket)  # type: ignore[arg-type]

        events.register(
            kind("ticket_opened", _("Ticket"), "ticket", _("Ticket #{number}: {subject}")),
            kind("ticket_message", _("Message"), "message", _("Wrote about #{number}: {text}")),
            kind("ticket_answered", _("Answer"), "message-reply", _("Was answered about #{number}: {text}")),
            kind("ticket_solved", _("Ticket solved"), "check", _("Ticket #{number} solved")),
            kind("ticket_closed", _("Ticket closed"), "x", _("Ticket #{number} closed")),
            kind("ticket_reopened", _("Ticket reopened"), "refresh", _("Ticket #{number} open again")),
        )
