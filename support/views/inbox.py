"""The inbox: views, and the tickets of one, newest message first."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import keyset
from crm.models import User
from crm.roles import may, staff
from support.models import UNSOLVED, RawMail, Ticket, TicketKind, TicketQuerySet, TicketState

SIZE = 25
NEWEST = keyset.Sort("last_message_at", descending=True)


@dataclass(frozen=True)
class View:
    name: str
    label: str
    group: int  # what is to be done, and what is not now
    count: int | None
    current: bool

    @property
    def url(self) -> str:
        return f"{reverse('support:inbox')}?view={self.name}"


@may("see_tickets")
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    context = pane(request)
    total = of_view(str(context["view"]), staff(request)).count()
    return render(request, "support/inbox.html", {**context, "total": total})


def pane(request: HttpRequest) -> dict[str, object]:
    """The views and the list of one of them, as they stand beside every ticket."""
    wanted = request.GET.get("view", "open")
    views = views_of(staff(request), wanted)
    now = next((view for view in views if view.current), views[0])
    page = keyset.page(
        of_view(now.name, staff(request)).select_related("customer", "assignee"),
        NEWEST,
        size=SIZE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return {
        "views": views,
        "view": now.name,
        "current_view": now,
        "page": page,
        "kept_count": RawMail.objects.kept().count(),
    }


def of_view(name: str, user: User) -> TicketQuerySet:
    tickets = Ticket.objects.all()
    if name == "mine":
        return tickets.unsolved().filter(assignee=user)
    if name == "unassigned":
        return tickets.filter(state=TicketState.OPEN, assignee=None)
    if name == "complaints":
        return tickets.open_complaints()
    if name == "waiting":
        return tickets.filter(state=TicketState.WAITING)
    if name == "solved":
        return tickets.exclude(state__in=UNSOLVED)
    if name == "all":
        return tickets
    return tickets.filter(state=TicketState.OPEN)


def views_of(user: User, wanted: str) -> list[View]:
    """The views, with counts where something is to be done."""
    is_open, unsolved = Q(state=TicketState.OPEN), Q(state__in=UNSOLVED)
    counts = Ticket.objects.unsolved().aggregate(
        open=Count("pk", filter=is_open),
        mine=Count("pk", filter=unsolved & Q(assignee=user)),
        unassigned=Count("pk", filter=is_open & Q(assignee=None)),
        complaints=Count("pk", filter=Q(kind=TicketKind.COMPLAINT)),
        waiting=Count("pk", filter=Q(state=TicketState.WAITING)),
    )
    labels = [
        ("open", _("All open"), 1),
        ("mine", _("Mine"), 1),
        ("unassigned", _("Nobody’s yet"), 1),
        ("complaints", _("Complaints"), 1),
        ("waiting", _("Waits for customer"), 2),
        ("solved", _("Solved"), 2),
        ("all", _("All tickets"), 2),
    ]
    wanted = wanted if wanted in [name for name, _label, _group in labels] else "open"
    return [View(name, label, group, counts.get(name), name == wanted) for name, label, group in labels]
