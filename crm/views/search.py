"""The search of every page: customers, and what the other apps find, by name, phone in any form, e-mail or number."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm import navigation, search
from crm.navigation import Found
from crm.roles import StaffRequest, any_staff

IN_PASSING = 6
ON_A_PAGE = 25


@dataclass(frozen=True)
class Hits:
    label: str
    found: list[Found]


@any_staff
@require_safe
def results(request: StaffRequest) -> HttpResponse:
    """While typing (htmx) a few, with Enter a page of them; of each app only what this person may see."""
    text, limit = request.GET.get("q", "").strip(), IN_PASSING if request.htmx else ON_A_PAGE
    may_see_customers = request.user.has_perm("crm.see_customers")
    context = {
        "search_text": text,
        "customers": search.customers(text, limit) if may_see_customers else [],
        "others": others(request, text, limit) if text else [],
    }
    template = "crm/search.html"
    return render(request, f"{template}#hits" if request.htmx else template, context)


def others(request: StaffRequest, text: str, limit: int) -> list[Hits]:
    text = text.replace("\0", "")[:100]
    allowed = [finder for finder in navigation.finders if request.user.has_perm(f"crm.{finder.permission}")]
    hits = [
        Hits(str(finder.label), finder.find(text, limit)) for finder in sorted(allowed, key=lambda each: each.order)
    ]
    return [each for each in hits if each.found]
