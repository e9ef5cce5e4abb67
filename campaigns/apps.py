"""Campaigns: what we told customers and how they answered."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from crm import events

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
        )
