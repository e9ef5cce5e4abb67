"""The language of the pages: a cookie for everyone, and remembered with the account of staff."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as set_cookie

from crm.roles import public


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Go on in the chosen language, on the same page."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES) and check_for_language(language):
        request.user.language = language
        request.user.save(update_fields=["language"])
    return set_cookie(request)
