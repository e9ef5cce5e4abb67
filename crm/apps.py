"""crm knows who the customers are; what is registered here is known to every app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"

    def ready(self) -> None:
        from crm import customer_page, events, navigation, roles
        from crm.segments import about_behaviour, about_customers  # noqa: F401 - they register their conditions

        post_migrate.connect(roles.sync_groups, sender=self, dispatch_uid="crm.roles")
        navigation.entries += [
            navigation.Entry(_("Home"), "crm:home", "home", "see_reports", group=1, order=1, key="h"),
            navigation.Entry(_("Customers"), "crm:customers", "users", "see_customers", group=2, order=1, key="c"),
            navigation.Entry(_("Segments"), "crm:segments", "filter", "see_campaigns", group=2, order=2, key="s"),
            navigation.Entry(_("Scores"), "crm:scores", "grid-dots", "see_scores", group=2, order=3, key="r"),
            navigation.Entry(_("Imports"), "crm:imports", "upload", "move_data", group=6, order=1, key="i"),
            navigation.Entry(_("Settings"), "crm:settings", "settings", "change_settings", group=6, order=9),
        ]
        navigation.new_entries += [
            navigation.Entry(_("Customer"), "crm:customer_new", "user-plus", "change_customers", order=1),
        ]
        events.register(
            events.Kind("note", _("Note"), "note", _("Note: {text}"), "notes"),
            events.Kind("consent_granted", _("Consent"), "check", _("Agreed to {channel}, {source}"), "notes"),
            events.Kind(
                "consent_withdrawn", _("Consent withdrawn"), "x", _("Withdrew consent to {channel}, {source}"), "notes"
            ),
            events.Kind("page", _("Page viewed"), "eye", _("Looked at {title}"), "visits", derived=False, visit=True),
        )
        customer_page.register(
            customer_page.Panel(
                "details", _("Details"), "crm/panels/details.html", lambda customer: {}, "see_customers", order=900
            )
        )
