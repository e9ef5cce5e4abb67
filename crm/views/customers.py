"""The list of customers: saved views, filter, sort, pages, quick look, tags in bulk, CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from crm import customer_filter, customer_table, keyset, tags
from crm.channels import Channel
from crm.models import Customer, SavedView, Score, Segment, Stage, User
from crm.models.customer import CustomerQuerySet
from crm.roles import StaffRequest, any_staff, may

SIZE = 25
SORTS = {
    "name": keyset.Sort("search_name"),
    "total": keyset.Sort("facts__revenue", tie="facts__customer_id", nullable=True),
    "last": keyset.Sort("facts__last_order_at", tie="facts__customer_id", nullable=True),
    "since": keyset.Sort("registered_at"),
}
DEFAULT_SORT = "-total"
FILTERS = ["q", "stage", "model", "r", "f", "m", "segment", "consent", "spent_over", "city", "tag", "owner", "source", "since"]  # fmt: skip


@dataclass(frozen=True)
class View:
    """A filter with a name, as a tab over the list."""

    label: str
    query: str
    current: bool
    count: int | None = None
    saved: SavedView | None = None

    @property
    def url(self) -> str:
        return f"{reverse('crm:customers')}?{self.query}"


@may("see_customers")
@require_safe
def customers(request: StaffRequest) -> HttpResponse:
    conditions = customer_filter.conditions(request.GET)
    found = customer_filter.customers(conditions)
    page = keyset.page(
        with_columns(found, request.GET.get("model", "statistical")),
        sort_of(request.GET),
        size=SIZE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    name_the_nameless(page.rows)
    views = views_of(request)
    return render(
        request,
        "crm/customers.html",
        {
            "page": page,
            "total": found.count(),
            "chips": [
                {"name": c.name, "value": c.value, "remove_url": without(request.GET, c.keys)} for c in conditions
            ],
            "views": views,
            "current_view": next((view for view in views if view.current), None),
            "filter": filter_of(request.GET),
            "here": list_query(request.GET),
            "heads": heads(request.GET),
        },
    )


def heads(query: QueryDict) -> dict[str, dict[str, str]]:
    """What the head of each sortable column links to, and how the list is sorted now."""
    now = query.get("sort", DEFAULT_SORT)
    links = {}
    for name in SORTS:
        first = name if name == "name" else f"-{name}"
        turned = first.removeprefix("-") if first.startswith("-") else f"-{first}"
        way = {name: "ascending", f"-{name}": "descending"}.get(now, "")
        links[name] = {"sort": turned if now == first else first, "way": way}
    return links


def sort_of(query: QueryDict) -> keyset.Sort:
    """`sort=name` or `sort=-total`; what is no column is the default."""
    asked = query.get("sort", DEFAULT_SORT)
    if asked.removeprefix("-") not in SORTS:
        asked = DEFAULT_SORT
    sort = SORTS[asked.removeprefix("-")]
    return keyset.Sort(sort.field, asked.startswith("-"), sort.tie, sort.nullable)


def with_columns(customers: CustomerQuerySet, model: str) -> CustomerQuerySet:
    """What a row shows: facts and owner with the row, the score in one more query."""
    scores = Prefetch("score_set", Score.objects.filter(model__slug=model), to_attr="shown_scores")
    return customers.select_related("facts", "owner").prefetch_related(scores)


def name_the_nameless(customers: Sequence[Customer]) -> None:
    """Who has no name, e-mail and phone is shown by an external id."""
    nameless = [each for each in customers if not (each.name or each.email or each.phone)]
    prefetch_related_objects(nameless, "references")


def filter_of(query: QueryDict) -> str:
    """The query string without page and sort."""
    return urlencode([(key, query[key]) for key in FILTERS if query.get(key)])


def list_query(query: QueryDict) -> str:
    """The query string with which one comes back to the same place of the list."""
    return urlencode([(key, query[key]) for key in [*FILTERS, "sort", "after", "before"] if query.get(key)])


def without(query: QueryDict, keys: tuple[str, ...]) -> str:
    rest = query.copy()
    for key in (*keys, "after", "before"):
        rest.pop(key, None)
    return f"?{rest.urlencode()}"


def views_of(request: StaffRequest, *, counted: bool = False) -> list[View]:
    """The views that everyone has, and those that this person kept."""
    common = [
        (_("All customers"), "", None),
        (_("Champions"), "model=statistical&r=5&f=5", None),
        (_("At risk"), "model=statistical&r=1%2C2&f=4%2C5", None),
        (_("New this month"), "since=month", None),
        (_("Inactive"), "stage=6", None),
    ]
    own = [(saved.name, saved.query, saved) for saved in SavedView.objects.filter(user=request.user).order_by("name")]
    now = filter_of(request.GET)
    return [
        View(label, query, query == now, how_many(query) if counted else None, saved)
        for label, query, saved in [*common, *own]
    ]


def how_many(query: str) -> int:
    return customer_filter.customers(customer_filter.conditions(QueryDict(query))).count()


@may("see_customers")
@require_safe
def views(request: StaffRequest) -> HttpResponse:
    """The tabs with their counts, which the list asks for once it is shown."""
    return render(request, "components/views.html", {"views": views_of(request, counted=True)})


@any_staff
@require_POST
def keep_view(request: StaffRequest) -> HttpResponse:
    """Keep the filter in `query` under a name, as a tab."""
    query, name = filter_of(QueryDict(request.POST.get("query", ""))), request.POST.get("name", "").strip()
    address = f"{reverse('crm:customers')}?{query}"
    if not name or len(name) > 60 or len(query) > 1000:
        messages.error(request, _("The view was not kept: give it a name of at most 60 letters."))
        return redirect(address)
    try:
        with transaction.atomic():
            SavedView.objects.create(user=request.user, name=name, query=query)
    except IntegrityError:
        messages.error(request, _("You have a view with the name “%(name)s” already: choose another.") % {"name": name})
    else:
        messages.success(request, _("The view “%(name)s” is kept.") % {"name": name})
    return redirect(address)


@any_staff
@require_POST
def drop_view(request: StaffRequest) -> HttpResponse:
    SavedView.objects.filter(user=request.user, name=request.POST.get("name", "")).delete()
    messages.success(request, _("The view is gone; no customer was touched."))
    return redirect("crm:customers")


@may("see_customers")
@require_safe
def conditions(request: StaffRequest) -> HttpResponse:
    """The form that adds conditions: a page of its own, or a part of the list by htmx."""
    context = {
        "stages": [stage for stage in Stage if stage > Stage.RETURN_VISIT],
        "channels": Channel.choices,
        "segments": Segment.objects.order_by("name")[:200] if request.user.has_perm("crm.see_campaigns") else [],
        "owners": User.objects.filter(is_active=True).order_by("name")[:200],
    }
    template = "crm/customers_conditions.html"
    return render(request, f"{template}#form" if request.htmx else template, context)


@may("tag_customers")
@require_POST
def tag(request: StaffRequest) -> HttpResponse:
    """Give the ticked customers a tag."""
    name, ids = tags.clean(request.POST.get("tag", "")), request.POST.getlist("customer")
    if not name:
        messages.error(request, _("Nothing was tagged: write the tag first."))
    else:
        changed = tags.add(name, ids)
        text = ngettext("%(n)s customer has the tag now.", "%(n)s customers have the tag now.", changed)
        messages.success(request, text % {"n": changed})
    return redirect(f"{reverse('crm:customers')}?{request.POST.get('query', '')}")


@may("move_data")
@require_safe
def export(request: StaffRequest) -> StreamingHttpResponse:
    """The list as filtered, as CSV, while it is read."""
    found = customer_filter.customers(customer_filter.conditions(request.GET))
    lines: Iterator[str] = customer_table.as_csv(found.order_by("pk"))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="customers.csv"'
    return response
