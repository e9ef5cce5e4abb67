"""What every page of the app needs around its content."""

from itertools import groupby
from typing import Any

from django.http import HttpRequest

from crm import navigation
from crm.roles import Role
from crm.templatetags import regulars


def shell(request: HttpRequest) -> dict[str, Any]:
    """`shop`, `nav_groups`, `new_entries`, `role`: for staff who are logged in; strangers' pages get the shop alone."""
    shop = regulars.shop()
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"shop": shop}

    def allowed(entry: navigation.Entry) -> bool:
        return entry.permission == "staff" or user.has_perm(f"crm.{entry.permission}")

    entries = sorted(filter(allowed, navigation.entries), key=lambda entry: (entry.group, entry.order))
    names = {group.name for group in user.groups.all()}
    return {
        "shop": shop,
        "nav_groups": [list(group) for _number, group in groupby(entries, key=lambda entry: entry.group)],
        "new_entries": sorted(filter(allowed, navigation.new_entries), key=lambda entry: entry.order),
        "role": next((role for role in Role if role.value in names), None),
    }
