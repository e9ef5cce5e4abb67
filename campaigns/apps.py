"""Campaigns: what we told customers and how they answered."""

from pathlib import Path

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns import rules  # noqa: F401  (registers)
        from campaigns.answers import doors
        from crm import events, sql

        sql.FOLDERS.append(Path(__file__).parent)
        doors.register()
        events.register(
            events.Kind("mail_sent", _("Campaign"), "mail", _("Campaign {campaign}"), "messages", app="campaigns"),
            events.Kind(
                "unsubscribed",
                _("Unsubscribed"),
                "x",
                _("Unsubscribed through {campaign}"),
                "messages",
                app="campaigns",
            ),
            events.Kind(
                "mail_opened",
                _("Opened"),
                "mail-opened",
                _("Opened {campaign}"),
                "messages",
                app="campaigns",
                derived=False,
                response=True,
            ),
            events.Kind(
                "mail_clicked",
                _("Clicked"),
                "click",
                _("Clicked {url} in {campaign}"),
                "messages",
                app="campaigns",
                derived=False,
                response=True,
            ),
            events.Kind(
                "mail_scanned",
                _("Scanned"),
                "robot",
                _("A mail scanner followed the links of {campaign}"),
                "messages",
                app="campaigns",
                derived=False,
            ),
        )
