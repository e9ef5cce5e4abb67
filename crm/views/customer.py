"""The customer page: who it is, what they are worth, all that happened; notes; adding and changing customers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.context_processors import PermWrapper
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import customer_page, events, tags, timeline
from crm.channels import Channel
from crm.models import Consent, Customer, Note
from crm.models.customer import CustomerQuerySet, mark_changed
from crm.roles import StaffRequest, may
from crm.scoring.explain import why_classes, why_stage
from crm.views.customer_form import ConsentForm, CustomerForm, NoteForm, blank
from crm.views.customers import list_query


def whole() -> CustomerQuerySet:
    """Customers with all that their page and the quick look show of them."""
    return Customer.objects.select_related("facts", "owner").prefetch_related(
        "references", "score_set__model", "consents"
    )


def found(public_id: UUID) -> Customer:
    return get_object_or_404(whole(), public_id=public_id)


@may("see_customers")
@require_safe
def customer(request: StaffRequest, public_id: UUID) -> HttpResponse:
    customer = found(public_id)
    return render(
        request,
        "crm/customer.html",
        {
            "customer": customer,
            "scores": scores_of(customer),
            "why_stage": stage_facts(customer),
            "agreed": agreed_to(customer),
            "back": way_back(request),
            "panels": panels_of(request, customer),
            "note_form": NoteForm(),
            **timeline_of(request, customer),
        },
    )


def timeline_of(request: StaffRequest, customer: Customer) -> dict[str, object]:
    group = request.GET.get("group", "")
    until, seen = place_of(request)
    return {
        "timeline": timeline.page(customer, request.user, group=group, until=until, seen=seen),
        "timeline_filters": timeline.filters(customer),
        "group": group,
    }


def place_of(request: StaffRequest) -> tuple[datetime | None, int]:
    """Where on the time line: `until` and `seen` of the address; its beginning if they are none."""
    try:
        until = datetime.fromisoformat(request.GET["until"])
        seen = int(request.GET.get("seen", ""))
    except (KeyError, ValueError):
        return None, 0
    return (until, min(max(seen, 0), 1000)) if until.tzinfo else (None, 0)


@dataclass(frozen=True)
class Chip:
    """A score with the facts behind it, for the chip and its "why?"."""

    id: str
    name: str
    r: int
    f: int
    m: int
    title: str
    rows: list[tuple[str, str]]
    text: str


def scores_of(customer: Customer) -> list[Chip]:
    """Its class in each model, and why."""
    facts = getattr(customer, "facts", None)
    return [
        Chip(
            id=f"why-{score.model.slug}",
            name=score.model.name,
            r=score.r,
            f=score.f,
            m=score.m,
            title=_("Why %(score)s?") % {"score": score},
            rows=why_classes(score, facts),
            text=score.model.get_method_display(),
        )
        for score in sorted(customer.score_set.all(), key=lambda score: score.model_id)
        if facts is not None
    ]


def stage_facts(customer: Customer) -> list[tuple[str, str]]:
    facts = getattr(customer, "facts", None)
    return why_stage(customer, facts) if facts is not None and facts.stage else []


def agreed_to(customer: Customer) -> list[Consent]:
    """The last word on each channel that was spoken of."""
    order = list(Channel.values)
    current = [consent for consent in customer.consents.all() if consent.current]
    return sorted(current, key=lambda consent: order.index(consent.channel))


def way_back(request: StaffRequest) -> str:
    """The list from which one came, at the same place: `list` is its query string."""
    return f"{reverse('crm:customers')}?{list_query(QueryDict(request.GET.get('list', '')))}"


def panels_of(request: StaffRequest, customer: Customer) -> list[str]:
    """The panels that this person may see, drawn."""
    allowed = [panel for panel in customer_page.panels.values() if request.user.has_perm(f"crm.{panel.permission}")]
    always = {
        "customer": customer,
        "request": request,
        "user": request.user,
        "perms": PermWrapper(request.user),
        "csrf_token": get_token(request),
    }
    return [
        render_to_string(panel.template, {**always, "panel": panel, **panel.context(customer)})
        for panel in sorted(allowed, key=lambda panel: panel.order)
    ]


@may("see_customers")
@require_safe
def look(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The quick look beside the list; without htmx one goes to the page."""
    customer = found(public_id)
    if not request.htmx:
        return redirect(customer)
    context = {
        "customer": customer,
        "scores": scores_of(customer),
        "agreed": agreed_to(customer),
        "timeline": timeline.page(customer, request.user, size=4),
    }
    return render(request, "crm/customer_look.html", context)


@may("see_customers")
@require_safe
def older(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The time line alone: filtered, or further back."""
    customer = get_object_or_404(Customer, public_id=public_id)
    if not request.htmx:
        return redirect(f"{customer.get_absolute_url()}?{request.GET.urlencode()}")
    part = "more" if "until" in request.GET else "timeline"
    return render(
        request, f"crm/customer_timeline.html#{part}", {"customer": customer, **timeline_of(request, customer)}
    )


@may("change_customers")
@require_POST
def add_note(request: StaffRequest, public_id: UUID) -> HttpResponse:
    customer = get_object_or_404(Customer, public_id=public_id)
    form = NoteForm(request.POST)
    if form.is_valid():
        with transaction.atomic():
            note = Note.objects.create(customer=customer, text=form.cleaned_data["text"], by=request.user)
            events.add("crm", "note", [note.pk])
        form = NoteForm()
    if not request.htmx:
        for error in form.errors.get("text", []):
            messages.error(request, str(error))
        return redirect(customer)
    context = {"customer": customer, "note_form": form, **timeline_of(request, customer)}
    return render(request, "crm/customer_timeline.html#timeline", context, status=422 if form.errors else 200)


@may("change_customers")
@require_POST
def delete_note(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Take back a note of one's own."""
    note = get_object_or_404(Note.objects.select_related("customer"), public_id=public_id, by=request.user)
    customer = note.customer
    with transaction.atomic():
        note.delete()
        events.derive("crm", [customer.pk])
    if not request.htmx:
        messages.success(request, _("The note is deleted."))
        return redirect(customer)
    context = {"customer": customer, "note_form": NoteForm(), **timeline_of(request, customer)}
    return render(request, "crm/customer_timeline.html#timeline", context)


@may("tag_customers")
@require_POST
def change_tags(request: StaffRequest, public_id: UUID) -> HttpResponse:
    customer = get_object_or_404(Customer, public_id=public_id)
    with transaction.atomic():
        customer.tags = tags.split(request.POST.get("tags", ""))
        customer.save(update_fields=["tags"])
        mark_changed([customer.pk])
    messages.success(request, _("The tags are saved."))
    return redirect(customer)


@may("change_customers")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    return edit_form(request, blank())


@may("change_customers")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, public_id: UUID) -> HttpResponse:
    return edit_form(request, found(public_id))


def edit_form(request: StaffRequest, customer: Customer) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = CustomerForm(data, instance=customer)
    consents = [ConsentForm(data, customer=customer, channel=channel) for channel in ConsentForm.CHANNELS]
    if data is not None and all([form.is_valid(), *[consent.is_valid() for consent in consents]]):
        with transaction.atomic():
            saved = form.save(by=request.user)
            for consent in consents:
                consent.save(saved, by=request.user)
        messages.success(request, _("%(name)s is saved.") % {"name": saved})
        return redirect(saved)
    context = {"form": form, "consents": consents, "customer": customer if customer.pk else None}
    return render(request, "crm/customer_edit.html", context, status=422 if data is not None else 200)


@may("change_customers")
@require_safe
def twins(request: StaffRequest) -> HttpResponse:
    """Who is here already with the e-mail or phone being typed."""
    try:
        instance = Customer.objects.filter(public_id=UUID(request.GET.get("self", ""))).first()
    except ValueError:
        instance = None
    form = CustomerForm(request.GET, instance=instance or blank())
    form.is_valid()
    return render(request, "crm/customer_edit.html#twins", {"form": form})
