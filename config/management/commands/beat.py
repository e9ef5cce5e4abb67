"""bin/manage beat: starts what is due (config/celery.py). Any number may run; one leads, the others wait for its end."""

import contextlib
import time
from pathlib import Path
from typing import Any

import psycopg
import redis
import structlog
from celery.beat import PersistentScheduler
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from config.celery import app
from config.health import ALIVE_SECONDS, BEAT_KEY

LOCK = 0x7265_6265  # an advisory lock's number, ours alone
log = structlog.get_logger("regulars.beat")


class Scheduler(PersistentScheduler):
    """Celery's scheduler, which shows at each look that it lives and stops when it has lost the lead."""

    leader: psycopg.Connection
    valkey: redis.Redis

    def tick(self, *args: Any, **kwargs: Any) -> float:
        self.leader.execute("select 1")  # a lost connection is a lost lock: the exception ends this process
        with contextlib.suppress(redis.RedisError):  # without a broker nothing can be started, but beat lives
            self.valkey.set(BEAT_KEY, "1", ex=ALIVE_SECONDS)
        return float(super().tick(*args, **kwargs))


class Command(BaseCommand):
    help = "Start what is due. Keep at least one running; more wait in reserve."

    def handle(self, *args: Any, **options: Any) -> None:
        parameters = connection.get_connection_params()
        for name in ("cursor_factory", "context"):  # Django's own, which a plain connection does without
            parameters.pop(name, None)
        with psycopg.connect(**parameters, autocommit=True) as leader:
            self._wait_for_lead(leader)
            log.info("beat leads")
            Scheduler.leader = leader
            Scheduler.valkey = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5)
            folder = Path(settings.VAR_DIR) / "beat"
            folder.mkdir(exist_ok=True)
            scheduler = f"{__name__}:Scheduler"
            app.Beat(scheduler=scheduler, schedule=str(folder / "schedule"), pidfile=None, quiet=True).run()

    def _wait_for_lead(self, leader: psycopg.Connection) -> None:
        while True:
            row = leader.execute("select pg_try_advisory_lock(%s)", [LOCK]).fetchone()
            if row and row[0]:
                return
            time.sleep(1)
