"""Support: what customers asked, as behaviour for the time line, a reason not to send marketing, a panel and a finder."""

from django.apps import AppConfig
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class SupportConfig(AppConfig):
    name = "support"

    def ready(self) -> None:
        from crm import customer_page, events, navigation
        from support import places  # also registers that an open complaint suspends marketing

        def kind(name: str, label: Promise, icon: str, sentence: Promise) -> events.Kind:
            return events.Kind(name, label, icon, sentence, "tickets", app="support", link=places.link)

        events.register(
            kind("ticket_opened", _("Ticket"), "ticket", _("Ticket #{number}: {subject}")),
            kind("ticket_message", _("Message"), "message", _("Wrote about #{number}: {text}")),
            kind("ticket_answered", _("Answer"), "message-reply", _("Was answered about #{number}: {text}")),
            kind("ticket_solved", _("Ticket solved"), "check", _("Ticket #{number} solved")),
            kind("ticket_closed", _("Ticket closed"), "x", _("Ticket #{number} closed")),
            kind("ticket_reopened", _("Ticket reopened"), "refresh", _("Ticket #{number} open again")),
        )
        customer_page.register(
            customer_page.Panel("tickets", _("Tickets"), "support/panel.html", places.panel, "see_tickets", order=20)
        )
        navigation.entries += [
            navigation.Entry(
                _("Inbox"), "support:inbox", "inbox", "see_tickets", group=1, order=2, key="t", count=places.waiting
            ),
        ]
        navigation.new_entries += [
            navigation.Entry(_("Ticket"), "support:ticket_new", "ticket", "change_tickets", order=3),
        ]
        navigation.finders += [navigation.Finder(_("Tickets"), "see_tickets", places.find, order=3)]
