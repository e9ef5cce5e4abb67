"""Segments: the list, the builder with its live count, and why a customer is in or not."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from crm.models import Customer, MembershipChange, Segment
from crm.roles import may
from crm.segments import builder, reading, refresh
from crm.segments.explain import Explanation, explain
from crm.segments.ready import ready
from crm.segments.rules import RulesError, as_json, check, in_words, parse

RECENT_DAYS = 30


class SegmentForm(forms.ModelForm):
    class Meta:
        model = Segment
        fields = ("name", "description")


@may("see_campaigns")
def segments(request: HttpRequest) -> HttpResponse:
    shown = list(reading.with_uses(Segment.objects.order_by("name")))
    moved = reading.movements(7, shown)
    return render(
        request,
        "crm/segments.html",
        {"segments": [(segment, moved.get(segment.pk)) for segment in shown], "ready": ready()},
    )


@may("change_campaigns")
def new(request: HttpRequest) -> HttpResponse:
    segment, draft = Segment(description="", error=""), builder.from_address(request.GET)
    for each in ready():
        if request.GET.get("ready") == each.key:
            segment.name, segment.description, draft = str(each.name), str(each.description), each.rules
    return build(request, segment, draft)


@may("see_campaigns")
def segment(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = get_object_or_404(Segment, public_id=public_id)
    return build(request, found, found.rules or builder.EMPTY)


def build(request: HttpRequest, segment: Segment, draft: builder.Draft) -> HttpResponse:
    """The builder: what was sent is drawn again, changed by its buttons, with the count of now; or saved."""
    form, error, status = SegmentForm(instance=segment), "", 200
    if request.method == "POST":
        draft = builder.read(request.POST)
        action = request.POST.get("do", "")
        if action == "save":
            form, status = SegmentForm(request.POST, instance=segment), 422
            try:
                rules = check(draft, segment)
                if form.is_valid():
                    return save(request, form, as_json(rules))
            except RulesError as refused:
                error = str(refused)
        else:
            form = SegmentForm(initial={name: request.POST.get(name, "") for name in SegmentForm.Meta.fields})
            builder.change(draft, action, request.POST)
    template = "crm/segment_body.html" if request.headers.get("HX-Request") else "crm/segment.html"
    return render(request, template, context(request, segment, draft, form, error), status=status)


def save(request: HttpRequest, form: SegmentForm, rules: dict[str, object]) -> HttpResponse:
    segment = form.save(commit=False)
    segment.rules = rules
    segment.created_by = segment.created_by or request.user
    segment.save()
    result = refresh.refresh(segment)
    if result.error:
        messages.error(
            request,
            _("“%(name)s” is saved, but cannot be counted: %(reason)s") % {"name": segment, "reason": result.error},
        )
    else:
        messages.success(
            request, _("“%(name)s” is saved and holds %(n)s customers.") % {"name": segment, "n": result.size}
        )
    return (
        HttpResponseClientRedirect(segment.get_absolute_url())
        if request.headers.get("HX-Request")
        else redirect(segment)
    )


def context(
    request: HttpRequest, segment: Segment, draft: builder.Draft, form: SegmentForm, error: str
) -> dict[str, object]:
    rows = builder.rows(draft)
    shown: dict[str, object] = {
        "segment": segment,
        "form": form,
        "rows": rows,
        "menu": builder.menu(),
        "error": error,
        "may_change": request.user.has_perm("crm.change_campaigns"),
        "unsaved": request.method == "POST" or not segment.pk,
    }
    try:
        node = parse(draft)
        shown |= {"said": in_words(node), "now": reading.right_now(node), "explanation": explanation(request, node)}
        reading.count_alone(rows, draft)
    except (RulesError, reading.TooHeavy) as reason:
        shown["uncounted"] = str(reason)
    if segment.pk:
        changes = MembershipChange.objects.filter(segment=segment).select_related("customer__facts")
        sizes = reading.sizes(segment)
        shown |= {
            "moved": reading.movements(RECENT_DAYS, [segment]).get(segment.pk),
            "changes": changes.prefetch_related("customer__references").order_by("-at", "-pk")[:6],
            "sizes": sizes,
            "size_numbers": [number for _at, number in sizes],
            "uses": reading.uses(segment),
        }
    return shown


def explanation(request: HttpRequest, node: object) -> Explanation | None:
    """Why the customer who is looked for is in or not: `why` is a public id or what one searches by."""
    wanted = request.GET.get("why", "").strip()
    if not wanted:
        return None
    known = Customer.objects.identified()
    try:
        found = known.filter(public_id=UUID(wanted)).first()
    except ValueError:
        found = known.search(wanted).first()
    return explain(node, found) if found else None  # type: ignore[arg-type]


@may("change_campaigns")
@require_POST
def delete(request: HttpRequest, public_id: UUID) -> HttpResponse:
    segment = get_object_or_404(Segment, public_id=public_id)
    if used := reading.uses(segment):
        names = ", ".join(use.name for use in used)
        messages.error(request, _("“%(name)s” is used by %(uses)s and stays.") % {"name": segment, "uses": names})
        return redirect(segment)
    segment.delete()
    messages.success(request, _("“%(name)s” is deleted. The customers stay.") % {"name": segment})
    return redirect("crm:segments")
