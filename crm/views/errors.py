"""Pages for what goes wrong: each says what happened and what to do next."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403.html", {"stale_form": True}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def closed(request: HttpRequest) -> HttpResponse:
    """A page that a library brings and that is not for here."""
    raise Http404


def server_error(request: HttpRequest) -> HttpResponse:
    # Without context processors: the database may be what is broken.
    request_id = getattr(request, "request_id", "")
    return HttpResponseServerError(render_to_string("500.html", {"request_id": request_id}))
