"""The page behind “unsubscribe” in a mail, in the customer's language. Only POST changes anything (RFC 8058)."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.answers import doors
from campaigns.answers.unsubscribe import is_done, unsubscribe
from campaigns.models import Delivery
from crm.collect.tokens import BadToken, read
from crm.models import Shop
from crm.roles import public


@public
@csrf_exempt  # mail programs post without cookies; the signed address says who asks
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST (the button, or a mail program's List-Unsubscribe=One-Click) does it."""
    try:
        delivery_id, _part = read(doors.UNSUBSCRIBE, token)
    except BadToken as error:
        raise Http404 from error
    delivery = get_object_or_404(Delivery.objects.select_related("customer"), pk=delivery_id)
    shop = Shop.current()
    if request.method == "POST":
        unsubscribe(delivery)
        delivery.refresh_from_db()
    with translation.override(_language(request, delivery, shop)):
        address = veiled(delivery.address)
        context = {"shop": shop, "delivery": delivery, "done": is_done(delivery), "address": address}
        return render(request, "campaigns/unsubscribe.html", context)


def _language(request: HttpRequest, delivery: Delivery, shop: Shop) -> str:
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return translation.get_language() or shop.language
    return delivery.customer.language or shop.language


def veiled(address: str) -> str:
    """Enough of an address for its owner to know it: a mail may be forwarded, and its link with it."""
    name, _at, domain = address.rpartition("@")
    return f"{name[:1]}•••••{name[-1:] if len(name) > 1 else ''}@{domain}"
