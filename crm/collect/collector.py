"""From the stream to Postgres: batches by COPY, made into events by the apps whose doors were used, then taken off the stream.

Killed at any moment it loses nothing and writes nothing twice: an event's id follows from the stream entry's, entries
leave the stream only after the commit, and a batch that was committed but not taken off is found to be there already.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import cast

import redis
import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction

from crm import events
from crm.collect import doors
from crm.collect.agents import Agent, classify
from crm.collect.ingest import STREAM
from crm.locks import take

ALIVE_KEY, ALIVE_SECONDS = "regulars:alive:collector", 30
BATCH = 5_000
WAIT_MS = 1_000  # for new hits, before saying again that we live
LOCK = "collector"  # one collector works at a time; a second one waits

log = structlog.get_logger("regulars.collector")
Entry = tuple[bytes, dict[bytes, bytes]]
Hit = tuple[int, datetime, str, int, int, Agent]

HIT_TABLE = """
drop table if exists pg_temp.hit;
create temporary table hit (
    id bigint primary key, at timestamptz not null, door text not null, number bigint not null, part bigint not null, agent text not null
) on commit drop
"""


def run(stop: threading.Event) -> None:
    """Collect until `stop` is set. A database or Valkey that is away is waited for: the hits wait in the stream."""
    while not stop.is_set():
        try:
            if not collect(wait_ms=WAIT_MS):
                stop.wait(0.1)  # another collector may be at it: what waits would be read again at once
            _valkey().set(ALIVE_KEY, 1, ex=ALIVE_SECONDS)
        except (DatabaseError, redis.RedisError) as error:
            log.error("collecting is held up, and tried again", error=f"{type(error).__name__}: {error}")
            connection.close()
            stop.wait(1)


def collect(*, wait_ms: int | None = None) -> int:
    """Move one batch from the stream into Postgres; returns how many hits. Waits up to `wait_ms` for a first one."""
    found = cast("list[tuple[bytes, list[Entry]]]", _valkey().xread({STREAM: "0-0"}, count=BATCH, block=wait_ms))
    entries = found[0][1] if found else []
    if not entries:
        return 0
    with transaction.atomic():
        if not take(LOCK):
            return 0
        hits = [hit for hit in map(_hit, entries) if hit and hit[2] in doors]
        _store(hits)
    _take_off(entries[-1][0])
    return len(entries)


def collect_all() -> int:
    """Move everything that is in the stream now."""
    total = 0
    while moved := collect():
        total += moved
    return total


def _store(hits: Sequence[Hit]) -> None:
    if not hits:
        return
    events.prepare_months(hits[0][1].date(), hits[-1][1].date())
    with connection.cursor() as cursor:
        cursor.execute(HIT_TABLE)
        with cursor.copy("copy hit (id, at, door, number, part, agent) from stdin") as copy:
            for hit in hits:
                copy.write_row(hit)
        cursor.execute("analyze hit")
        for store in dict.fromkeys(doors[hit[2]].collect for hit in hits):
            store(cursor)


def _hit(entry: Entry) -> Hit | None:
    """A stream entry `<milliseconds>-<number>`: the event's id is both in one, so that it is the same each time.

    None for an entry that our door cannot have written: it must not keep the others waiting.
    """
    entry_id, fields = entry
    milliseconds, _dash, number = entry_id.partition(b"-")
    at = datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    try:
        agent = classify(fields[b"a"].decode("latin-1"))
        door, number_of, part = fields[b"d"].decode(), int(fields[b"o"]), int(fields[b"p"])
    except (KeyError, ValueError):
        log.error("An entry of the stream is not ours", entry=entry_id.decode())
        return None
    return int(milliseconds) << 20 | int(number), at, door, number_of, part, agent


def _take_off(last: bytes) -> None:
    milliseconds, _dash, number = last.partition(b"-")
    _valkey().xtrim(STREAM, minid=f"{milliseconds.decode()}-{int(number) + 1}", approximate=False)


@cache
def _valkey() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=10, socket_connect_timeout=2)
