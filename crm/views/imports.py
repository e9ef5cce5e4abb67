"""Imports: send a file, see how far it is, see what came of it, download what was left out."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import imports, keyset
from crm.customer_table import BOM, Line, defused
from crm.imports import uploads
from crm.imports.presets import presets
from crm.models import Import, Rejection, User
from crm.models.imports import ImportState
from crm.roles import may
from crm.templatetags.regulars import count
from crm.views.imports_form import ImportForm

SIZE = 25


@may("move_data")
@require_safe
def list_(request: HttpRequest) -> HttpResponse:
    page = keyset.page(
        Import.objects.select_related("by"),
        keyset.Sort("created_at", descending=True),
        size=SIZE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(request, "crm/imports.html", {"page": page, "total": Import.objects.count(), "presets": presets()})


@may("move_data")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        work = uploads.keep(sent["file"], form.found, form.options, sent["dry_run"], cast(User, request.user))
        return redirect(work)
    return render(request, "crm/import_new.html", {"form": form}, status=422 if form.errors else 200)


@may("move_data")
@require_safe
def one(request: HttpRequest, public_id: UUID) -> HttpResponse:
    work = get_object_or_404(Import, public_id=public_id)
    context: dict[str, object] = {"work": work, "preset": presets().get(work.preset), **progress_of(work)}
    if work.state == ImportState.DONE:
        context |= {
            "reasons": reasons(work),
            "page": rejections(work, request.GET.get("after", ""), request.GET.get("before", "")),
        }
    return render(request, "crm/import.html", context)


@may("move_data")
@require_safe
def progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The panel of a work under way; when it has ended, the whole page again."""
    work = get_object_or_404(Import, public_id=public_id)
    if not work.is_under_way:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "crm/import_progress.html", {"work": work, **progress_of(work)})


@may("move_data")
@require_POST
def stop(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask it to stop: between two steps it hears, and nothing of it stays."""
    work = get_object_or_404(Import, public_id=public_id)
    Import.objects.filter(pk=work.pk, state__in=ImportState.under_way()).update(stop_asked=True)
    return HttpResponse(status=204) if request.htmx else redirect(work)  # type: ignore[attr-defined]


@may("move_data")
@require_safe
def left_out(request: HttpRequest, public_id: UUID) -> StreamingHttpResponse:
    """The rows that were left out as CSV: line and reason, then the columns of the file, to be corrected and imported again."""
    work = get_object_or_404(Import, public_id=public_id, state=ImportState.DONE)
    answer = StreamingHttpResponse(_csv(work), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="left-out-{work.public_id}.csv"'
    return answer


def _csv(work: Import) -> Iterator[str]:
    writer = csv.writer(Line())
    yield BOM + writer.writerow([_("Line"), _("Reason"), *map(defused, work.result["header"])])
    for row in work.rejections.order_by("line").select_related("of").iterator():
        yield writer.writerow([row.line, row.reason, *map(defused, row.row)])


@dataclass(frozen=True)
class Reason:
    sentence: str
    rows: int
    first: int  # line of the first one


def reasons(work: Import) -> list[Reason]:
    """Why rows were left out, the most frequent reason first."""
    found = work.rejections.values("problem").annotate(rows=Count("id"), first=Min("line")).order_by("-rows", "problem")
    return [Reason(str(imports.problem(work.kind, row["problem"]).reason), row["rows"], row["first"]) for row in found]


@dataclass(frozen=True)
class Page:
    """A page of rows that were left out; before and after are lines of the file."""

    rows: Sequence[Rejection]
    before: int | None
    after: int | None


def rejections(work: Import, after: str, before: str) -> Page:
    rows = work.rejections.order_by("line")
    if before.isdecimal() and int(before) < 2**62:
        found = list(rows.filter(line__lt=int(before)).reverse()[: SIZE + 1])
        more, shown = len(found) > SIZE, found[:SIZE][::-1]
        has_before, has_after = more, bool(shown)
    else:
        line = int(after) if after.isdecimal() and int(after) < 2**62 else 0
        found = list(rows.filter(line__gt=line)[: SIZE + 1])
        more, shown = len(found) > SIZE, found[:SIZE]
        has_before, has_after = line > 0, more
    for row in shown:
        row.of = work
    return Page(shown, shown[0].line if shown and has_before else None, shown[-1].line if shown and has_after else None)


def progress_of(work: Import) -> dict[str, str]:
    """The step in words, rows a second and the time left, where rows are counted."""
    told = {"step": _(work.step) if work.step else _("Waiting for the worker"), "speed": "", "left": ""}
    if work.total and work.done and work.step_started_at:
        seconds = max((timezone.now() - work.step_started_at).total_seconds(), 0.1)
        rate = work.done / seconds
        told["speed"] = _("%(rows)s rows a second") % {"rows": count(round(rate))}
        told["left"] = _("about %(seconds)s s left in this step") % {
            "seconds": count(round((work.total - work.done) / rate))
        }
    return told
