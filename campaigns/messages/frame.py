"""A letter's HTML for a frame of our pages: nothing in it may run, send a form, or ask our server as the user."""

import re

from django.http import HttpResponse

POLICY = {
    "default-src": "'none'",
    "style-src": "'unsafe-inline'",
    "sandbox": "allow-popups allow-popups-to-escape-sandbox",
    "frame-ancestors": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}


def framed(html: str, *, pictures: bool = True) -> HttpResponse:
    """pictures: whether the reader's browser fetches them, from wherever they are."""
    # The policy would stop them too, but with a complaint in the browser's log for each.
    response = HttpResponse(html if pictures else re.sub(r"(<img\b[^>]*?\s)src=", r"\1data-src=", html))
    policy = {**POLICY, "img-src": "http: https:" if pictures else "'none'"}
    response["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
    response["Referrer-Policy"] = "no-referrer"
    return response
