"""The door to the street: verifies a signed address, keeps the hit in a Valkey stream, answers. No Django request, no ORM.

What is promised: a hit is acknowledged (answered) after Valkey has taken it, or, if Valkey is away, answered all the same
and counted in the log as lost: the customer's click matters more than our figure. What was acknowledged outlives the
killing (-9) of web server and collector in any case. It outlives the killing of Valkey too, since Valkey writes to its
append-only file before it answers; with one exception: while the disk takes longer than a second to write the file
through, Valkey holds further writes back for up to 2 seconds (`appendfsync everysec`). A power cut may cost the last second.
"""

import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.utils.encoding import iri_to_uri
from redis.backoff import NoBackoff
from redis.retry import Retry

from crm.collect import doors
from crm.collect.tokens import BadToken, read

STREAM = "regulars:hits"
AGENT_LENGTH = 200
DOT = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)  # 1 x 1 GIF
NEVER_KEPT = [("Cache-Control", "no-store, max-age=0"), ("X-Robots-Tag", "noindex"), ("Referrer-Policy", "no-referrer")]
TARGETS_KEPT = 10_000

StartResponse = Callable[..., Any]
Answer = Callable[[StartResponse], Iterable[bytes]]
log = structlog.get_logger("regulars.ingest")
_lost = 0
_targets: dict[tuple[str, int], str | None] = {}
_lock = threading.Lock()


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """WSGI: GET and HEAD of `/t/<door>/<token>`, where a picture may end in .gif. HEAD is answered and not recorded."""
    method = environ["REQUEST_METHOD"]
    if method not in ("GET", "HEAD"):
        return _text(start_response, "405 Method Not Allowed", "Only GET and HEAD.", [("Allow", "GET, HEAD")])
    _empty, _t, name, token = (*environ["PATH_INFO"].split("/", 3), "", "", "")[:4]
    door = doors.get(name)
    try:
        if door is None:
            raise BadToken
        number, part = read(name, token.removesuffix(".gif"))
    except BadToken:
        return _text(start_response, "404 Not Found", "This address is not ours or not whole.")
    answer: Answer = _dot
    if door.target is not None:
        try:
            target = _target(name, part)
        except DatabaseError:
            return _text(
                start_response, "503 Service Unavailable", "Please try again in a minute.", [("Retry-After", "60")]
            )
        if target is None:
            return _text(start_response, "410 Gone", "This link leads nowhere any more.")
        answer = _redirect(target)
    if method == "GET":
        keep(name, number, part, environ.get("HTTP_USER_AGENT", ""))
    return answer(start_response)


def keep(door: str, number: int, part: int, agent: str) -> bool:
    """Put a hit into the stream: its entry id is the hit's time and name. False when Valkey is away: the hit is lost."""
    global _lost
    try:
        _valkey().execute_command("XADD", STREAM, "*", "d", door, "o", number, "p", part, "a", agent[:AGENT_LENGTH])
    except redis.RedisError as error:
        _lost += 1
        structlog.contextvars.clear_contextvars()  # of Django's last request in this thread
        log.error("hit lost: Valkey does not answer", door=door, lost=_lost, error=type(error).__name__)
        return False
    return True


@cache
def _valkey() -> redis.Redis:
    # No second try: somebody waits for the page behind the link.
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
    )


def _target(door: str, part: int) -> str | None:
    """Where a link leads. Asked of Postgres once for each process: links are fixed by the launch."""
    key = (door, part)
    if key in _targets:
        return _targets[key]
    _drop_old_connection()
    try:
        found = doors[door].target
        target = found(part) if found else None
    finally:
        _drop_old_connection()
    if target is not None:
        with _lock:
            if len(_targets) >= TARGETS_KEPT:
                _targets.clear()
            _targets[key] = target
    return target


def _drop_old_connection() -> None:
    """What Django does around each of its requests."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _dot(start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "image/gif"), ("Content-Length", str(len(DOT))), *NEVER_KEPT])
    return [DOT]


def _redirect(target: str) -> Answer:
    def answer(start_response: StartResponse) -> Iterable[bytes]:
        start_response("302 Found", [("Location", iri_to_uri(target)), ("Content-Length", "0"), *NEVER_KEPT])
        return [b""]

    return answer


def _text(
    start_response: StartResponse, status: str, text: str, headers: Iterable[tuple[str, str]] = ()
) -> Iterable[bytes]:
    body = f"{text}\n".encode()
    start_response(
        status,
        [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), *headers, *NEVER_KEPT],
    )
    return [body]
