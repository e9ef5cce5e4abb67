"""Structured logs: a line an event, with the request's or task's id. No names, addresses or searched words in them."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger("regulars.request")
PLAUSIBLE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(level: str, *, as_json: bool) -> dict[str, Any]:
    """The LOGGING setting: everything to standard error, as JSON for machines or in colour-free columns for people."""
    structlog.configure(
        processors=[*_shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    if as_json:
        last: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=False)]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_shared, structlog.stdlib.ExtraAdder(allow=["status_code"])],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "propagate": False},
            # It names each answer of 4xx with its path; our line has the route instead.
            "django.request": {"level": "ERROR"},
            "mail.log": {"level": "WARNING"},
            "celery": {"level": "WARNING" if level == "INFO" else level},
        },
    }


class RequestLog:
    """Middleware: gives each request an id (X-Request-ID, taken from a proxy if plausible) and logs one line for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if PLAUSIBLE_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        request.request_id = request_id  # type: ignore[attr-defined]  # the page for a failure shows it
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        route = request.resolver_match.route if request.resolver_match else ""
        if not route.startswith("health/"):
            user = getattr(request, "user", None)
            log.info(
                "request",
                method=request.method,
                route=route,  # the pattern, not the path: paths may hold tokens
                status=response.status_code,
                ms=round(1000 * (time.perf_counter() - began)),
                user=user.pk if user is not None else None,
            )
        return response
