"""Campaigns: what we told customers and how they answered."""

from pathlib import Path

from django.apps import AppConfig
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns import home, places, rules  # noqa: F401  (home and rules register)
        from campaigns.answers import doors
        from crm import customer_page, events, navigation, sql

        sql.FOLDERS.append(Path(__file__).parent)
        doors.register()
        navigation.entries.append(
            navigation.Entry(
                _("Campaigns"), "campaigns:campaigns", "speakerphone", "see_campaigns", group=4, order=1, key="m"
            )
        )
        # Drawn only where there is one: in the demo.
        navigation.entries.append(navigation.Entry(_("Mailbox"), "mailbox:mails", "mailbox", "staff", group=6, order=5))
        navigation.new_entries.append(
            navigation.Entry(_("Campaign"), "campaigns:new", "speakerphone", "change_campaigns", order=4)
        )
        navigation.finders.append(navigation.Finder(_("Campaigns"), "see_campaigns", places.find, order=4))
        customer_page.register(
            customer_page.Panel(
                "campaigns",
                _("Campaigns and answers"),
                "campaigns/customer_panel.html",
                places.panel,
                "see_campaigns",
                order=4,
            )
        )

        def kind(
            name: str, label: Promise, icon: str, sentence: Promise, *, derived: bool = False, response: bool = False
        ) -> events.Kind:
            return events.Kind(
                name, label, icon, sentence, "messages", app="campaigns", derived=derived, response=response
            )

        events.register(
            kind("mail_sent", _("Campaign"), "mail", _("Campaign {campaign}"), derived=True),
            kind("unsubscribed", _("Unsubscribed"), "x", _("Unsubscribed through {campaign}"), derived=True),
            kind("mail_opened", _("Opened"), "mail-opened", _("Opened {campaign}"), response=True),
            kind("mail_clicked", _("Clicked"), "click", _("Clicked {url} in {campaign}"), response=True),
            kind("mail_scanned", _("Scanned"), "robot", _("A mail scanner followed the links of {campaign}")),
        )
