"""The web server's door. Opens, clicks and the tracker (/t/…) turn off to the lean ingest path before Django."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ.get("PATH_INFO", "").startswith("/t/"):
        from crm.collect.ingest import application as ingest  # it needs Django to be set up

        return ingest(environ, start_response)
    return django(environ, start_response)
