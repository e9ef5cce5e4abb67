"""The scores page: heat map, funnel, and what stands behind them as csv."""

import csv

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from crm import tasks
from crm.models import Facts, ScoringModel, Stage
from crm.models.score import Method
from crm.roles import may
from crm.scoring.explain import FREQUENCY, RECENCY, money_bound
from crm.scoring.pictures import CLASSES, Cell, funnel, heat_map
from crm.templatetags.regulars import day

ABOUT = {
    Stage.FIRST_VISIT: gettext_lazy("anonymous, one visit"),
    Stage.RETURN_VISIT: gettext_lazy("anonymous, two visits or more"),
    Stage.NEW: gettext_lazy("known, no visit since"),
    Stage.RETURNER: gettext_lazy("known, came again, no order"),
    Stage.PURCHASED: gettext_lazy("ordered, neither 6 nor 7"),
    Stage.INACTIVE: gettext_lazy("no order for long, silent"),
    Stage.ACTIVE: gettext_lazy("ordered lately, and answers"),
}


@may("see_scores")
def scores(request: HttpRequest) -> HttpResponse:
    model = asked_model(request)
    colour = "customers" if request.GET.get("colour") == "customers" else "money"
    picture = heat_map(model, colour)
    return render(
        request,
        "crm/scores.html",
        {
            "picture": picture,
            "model": model,
            "models": ScoringModel.objects.order_by("pk"),
            "colour": colour,
            "statistical": model.method == Method.STATISTICAL,
            "rows": [
                (row[0].r, words, row)
                for row, words in zip(picture.rows, recency_words(model, picture.rows), strict=True)
            ],
            "columns": [(f, "" if model.method == Method.STATISTICAL else FREQUENCY[f]) for f in CLASSES],
            "money_words": [(m, money_bound(model.monetary_bounds, m)) for m in CLASSES]
            if model.monetary_bounds
            else [],
            "unclassed": Facts.objects.filter(orders=0, stage__gte=Stage.NEW).count(),
            "funnel": funnel(),
            "about": ABOUT,
        },
    )


def recency_words(model: ScoringModel, rows: list[list[Cell]]) -> list[str]:
    """What the classes of recency hold, R 5 first: the bounds of the table, or the days that the ranking came to."""
    if model.method != Method.STATISTICAL:
        return [str(RECENCY[row[0].r]) for row in rows]
    oldest = [min((cell.oldest for cell in row if cell.oldest), default=None) for row in rows]
    before = oldest[-2]
    words = [_("since %(day)s") % {"day": day(each)} if each else "" for each in oldest[:-1]]
    return [*words, _("before %(day)s") % {"day": day(before)} if before else ""]


@may("see_scores")
def scores_csv(request: HttpRequest) -> HttpResponse:
    """The cells of the heat map, a line each."""
    model = asked_model(request)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="scores-{model.slug}.csv"'
    lines = csv.writer(response)
    lines.writerow(["r", "f", "customers", "share", "average_m", "fewest_orders", "most_orders"])
    for row in heat_map(model).rows:
        for cell in row:
            amount = "" if cell.money is None else f"{cell.money:.2f}"
            lines.writerow(
                [cell.r, cell.f, cell.customers, f"{cell.share:.4f}", amount, cell.fewest_orders, cell.most_orders]
            )
    return response


@may("change_scores")
@require_POST
def score_again(request: HttpRequest) -> HttpResponse:
    tasks.score_now.delay()
    messages.success(request, _("Everybody is being scored again. Look at this page again in a minute."))
    return redirect("crm:scores")


def asked_model(request: HttpRequest) -> ScoringModel:
    return get_object_or_404(ScoringModel, slug=request.GET.get("model") or Method.STATISTICAL)
