"""Beat: one leads, the next takes over, and its heart is heard."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from config import embedded
from config.celery import app
from config.health import BEAT_KEY
from tests.conftest import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
Beat = subprocess.Popen[bytes]


@pytest.fixture
def start_beat(
    process_environment: dict[str, str], valkey: redis.Redis, tmp_path: Path
) -> Iterator[Callable[[str], Beat]]:
    started: list[Beat] = []

    def start(name: str) -> Beat:
        with (tmp_path / name).open("wb") as log:
            beat = subprocess.Popen(
                [sys.executable, "manage.py", "beat"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**process_environment, "REGULARS_VAR": str(tmp_path)},
                preexec_fn=embedded.die_with_parent(signal.SIGKILL),
            )  # fmt: skip
        started.append(beat)
        return beat

    yield start
    for beat in started:
        beat.kill()
        beat.wait()


def leads(tmp_path: Path, name: str) -> bool:
    return "beat leads" in (tmp_path / name).read_text()


@pytest.mark.django_db(transaction=True)
def test_one_beat_leads_and_shows_it_and_the_next_takes_over(start_beat, tmp_path, valkey):
    first = start_beat("first")
    wait_until(lambda: leads(tmp_path, "first"), 40, "the first beat")
    wait_until(lambda: valkey.exists(BEAT_KEY), 20, "its sign of life")
    assert valkey.ttl(BEAT_KEY) <= 30
    second = start_beat("second")
    first.send_signal(signal.SIGKILL)
    first.wait()
    valkey.delete(BEAT_KEY)
    wait_until(lambda: valkey.exists(BEAT_KEY), 60, "the second beat's sign of life")
    assert leads(tmp_path, "second")
    second.terminate()
    assert second.wait(20) == 0


def test_what_beat_starts_exists():
    app.loader.import_default_modules()
    missing = [entry["task"] for entry in app.conf.beat_schedule.values() if entry["task"] not in app.tasks]
    assert missing == []
