"""Settings of the shop: who it is, how it counts, what other currencies are worth, whether mail may go out."""

from contextlib import suppress

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from kombu.exceptions import OperationalError

from crm import tasks
from crm.models import ExchangeRate, ScoringModel, Shop
from crm.roles import StaffRequest, may
from crm.templatetags.regulars import forget_shop
from crm.views.settings_form import BoundsForm, RateForm, ShopForm


@may("change_settings")
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: StaffRequest) -> HttpResponse:
    data = request.POST or None
    shop_form = ShopForm(data, instance=Shop.current())
    bounds_form = BoundsForm(data, model=ScoringModel.threshold())
    if data and shop_form.is_valid() and bounds_form.is_valid():
        with transaction.atomic():
            shop_form.save()
            if bounds_form.changed_data:
                bounds_form.save()
        forget_shop()
        if bounds_form.changed_data or {"inactive_after_days", "response_window_days"} & set(shop_form.changed_data):
            # Without the broker the night's run does it.
            with suppress(OperationalError):
                tasks.score_now.delay()
            messages.success(request, _("The settings are saved, and everybody is being scored again."))
        else:
            messages.success(request, _("The settings are saved."))
        return redirect("crm:settings")
    return page(request, shop_form, bounds_form, RateForm(), status=422 if data else 200)


def page(
    request: StaffRequest, shop_form: ShopForm, bounds_form: BoundsForm, rate_form: RateForm, status: int
) -> HttpResponse:
    rates = ExchangeRate.objects.order_by("currency")
    context = {"form": shop_form, "bounds": bounds_form, "rate_form": rate_form, "rates": rates}
    return render(request, "crm/settings.html", context, status=status)


@may("change_settings")
@require_POST
def add_rate(request: StaffRequest) -> HttpResponse:
    """Store what a currency is worth, in place of what was stored for it."""
    known = ExchangeRate.objects.filter(currency=request.POST.get("currency", "")).first()
    form = RateForm(request.POST, instance=known)
    if not form.is_valid():
        shop_form = ShopForm(instance=Shop.current())
        return page(request, shop_form, BoundsForm(model=ScoringModel.threshold()), form, status=422)
    rate = form.save()
    messages.success(request, _("%(rate)s is stored. Amounts that came in before keep their rate.") % {"rate": rate})
    return redirect("crm:settings")


@may("change_settings")
@require_POST
def drop_rate(request: StaffRequest) -> HttpResponse:
    ExchangeRate.objects.filter(currency=request.POST.get("currency", "")).delete()
    messages.success(request, _("The rate is gone. Amounts in that currency are refused from now on."))
    return redirect("crm:settings")


@may("change_settings")
@require_POST
def release_sending(request: StaffRequest) -> HttpResponse:
    """Let mail go out again after a restore."""
    Shop.objects.update(sending_held=False)
    forget_shop()
    messages.success(request, _("Sending is released: campaigns go on."))
    return redirect("crm:settings")
