"""Is it alive, and may it be given work? For load balancers, containers and bin/demo."""

from collections.abc import Callable
from functools import cache

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crm.collect import collector as collector_loop

# Beat and the collector set their key again and again with a time to live: no key, no life.
BEAT_KEY = "regulars:alive:beat"
ALIVE_SECONDS = 30


class NotReady(Exception):
    """Says what is missing and what to do."""


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Nothing else is asked, so that a lost database does not get web servers killed."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 when everything that a visitor needs works, else 503; each check is "ok" or says what is wrong."""
    results = {name: _result(check) for name, check in CHECKS.items()}
    well = all(result == "ok" for result in results.values())
    return JsonResponse({"status": "ok" if well else "not ready", "checks": results}, status=200 if well else 503)


def _result(check: Callable[[], None]) -> str:
    try:
        check()
    except NotReady as reason:
        return str(reason)
    except Exception as error:  # whatever it is, the answer is 503; details (addresses) stay out of a public page
        return f"failed ({type(error).__name__})"
    return "ok"


def database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1")


def broker() -> None:
    broker_client().ping()


@cache  # once they are applied they stay so: a newer version is a newer process
def migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReady("migrations are missing: run bin/manage migrate")


def beat() -> None:
    if not broker_client().exists(BEAT_KEY):
        raise NotReady("no sign of beat: start bin/manage beat")


def collector() -> None:
    if not broker_client().exists(collector_loop.ALIVE_KEY):
        raise NotReady("no sign of the collector: start bin/manage collect")


CHECKS: dict[str, Callable[[], None]] = {
    "database": database,
    "broker": broker,
    "migrations": migrations,
    "beat": beat,
    "collector": collector,
}


@cache
def broker_client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
