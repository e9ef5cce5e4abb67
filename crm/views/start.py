"""A person's first screen is their work (docs/domain.md, "who may do what")."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from crm.roles import Role, any_staff, staff

FIRST_SCREEN = {
    Role.SALES: "crm:customers",
    Role.SUPPORT: "support:inbox",
    Role.MARKETING: "campaigns:campaigns",
    Role.MANAGER: "crm:home",
    Role.ADMIN: "crm:home",
}


@any_staff
def start(request: HttpRequest) -> HttpResponse:
    return redirect(FIRST_SCREEN[staff(request).role or Role.SALES])
