"""What every page of the app needs around its content."""

from itertools import groupby
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from crm import navigation
from crm.management.commands import demo_users
from crm.templatetags import regulars


def shell(request: HttpRequest) -> dict[str, Any]:
    """`shop`, `nav_groups`, `new_entries`, `role`: for staff who are logged in; strangers' pages get the shop alone, and in the
    demo `demo_users`, which the log-in page offers to come in as."""
    shop = regulars.shop()
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"shop": shop, "demo_users": demo_users.logins() if settings.MAILBOX_DIR else []}

    def allowed(entry: navigation.Entry) -> bool:
        return entry.permission == "staff" or user.has_perm(f"crm.{entry.permission}")

    entries = sorted(filter(allowed, navigation.entries), key=lambda entry: (entry.group, entry.order))
    return {
        "shop": shop,
        "nav_groups": [list(group) for _number, group in groupby(entries, key=lambda entry: entry.group)],
        "new_entries": sorted(filter(allowed, navigation.new_entries), key=lambda entry: entry.order),
        "role": user.role,
    }
