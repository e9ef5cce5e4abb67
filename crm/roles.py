"""Roles, what each may do, and the decorator by which every view says so (docs/domain.md, "who may do what")."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from crm.models import User


class Role(models.TextChoices):
    SALES = "Sales", _("Sales")
    SUPPORT = "Support", _("Support")
    MARKETING = "Marketing", _("Marketing")
    MANAGER = "Manager", _("Manager")
    ADMIN = "Admin", _("Admin")


SALES, SUPPORT, MARKETING, MANAGER, ADMIN = Role
PERMISSIONS: dict[str, set[Role]] = {
    "see_customers": set(Role),
    "change_customers": {SALES, SUPPORT, MANAGER, ADMIN},
    "tag_customers": set(Role),
    "move_data": {MARKETING, MANAGER, ADMIN},
    "merge_customers": {SUPPORT, MARKETING, MANAGER, ADMIN},
    "see_orders": set(Role),
    "change_orders": {SALES, SUPPORT, MANAGER, ADMIN},
    "see_tickets": set(Role),
    "change_tickets": {SUPPORT, MANAGER, ADMIN},
    "see_scores": set(Role),
    "change_scores": {MARKETING, MANAGER, ADMIN},
    "see_campaigns": {SALES, MARKETING, MANAGER, ADMIN},
    "change_campaigns": {MARKETING, MANAGER, ADMIN},
    "see_reports": set(Role),
    "change_reports": {MANAGER, ADMIN},
    "erase_customers": {MANAGER, ADMIN},
    "change_settings": {ADMIN},
}


class StaffRequest(HttpRequest):
    """What a view behind `may` or `any_staff` gets: somebody is logged in."""

    user: "User"
    htmx: "HtmxDetails"


SAFE = ("GET", "HEAD", "OPTIONS")
View = Callable[..., HttpResponseBase]


def may(permission: str) -> Callable[[View], View]:
    """Only staff with `permission` (a key of PERMISSIONS) may enter; others log in first or get the 403 page.

    Who may see something may ask for it (GET); sending something there takes the permission to change it.
    """
    if permission not in PERMISSIONS:
        raise KeyError(permission)

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            needed = permission if request.method in SAFE else permission.replace("see_", "change_")
            if not request.user.has_perm(f"crm.{needed}"):
                raise PermissionDenied(needed)
            return view(request, *args, **kwargs)

        guarded.access = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def staff(request: HttpRequest) -> "User":
    """Who is behind a request that one of these decorators let in."""
    return cast("User", request.user)


def any_staff(view: View) -> View:
    """Everyone who is logged in may enter."""
    guarded = login_required(view)
    guarded.access = "staff"  # type: ignore[attr-defined]
    return guarded


def public(view: View) -> View:
    """Anyone may enter: customers' own pages and machines. Signed links and rate limits guard what these show."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def sync_groups(**kwargs: object) -> None:
    """Make the five groups and give each exactly the permissions of the table. Runs after every migrate."""
    from django.contrib.auth.models import Group, Permission

    known = {p.codename: p for p in Permission.objects.filter(content_type__app_label="crm", codename__in=PERMISSIONS)}
    for role in Role:
        group, _made = Group.objects.get_or_create(name=role.value)
        group.permissions.set([known[name] for name, roles in PERMISSIONS.items() if role in roles and name in known])
