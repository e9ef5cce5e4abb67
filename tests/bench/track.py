"""`track`: opens by signed addresses through the web server; the limit is a WSGI function that checks the same signature and
puts the same entry into the same stream, on the same server, and does nothing else."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from config import embedded
from crm.collect.ingest import DOT, STREAM, _valkey
from crm.collect.tokens import read, sign
from tests.bench.measure import Row

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS, CLIENTS, GOAL = 4, 16, 1.43
HEADERS = (
    "Host: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0\r\nConnection: keep-alive\r\n\r\n"
)
SERVER = [
    sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--workers", "2", "--blocking-threads", "8",
    "--workers-kill-timeout", "3", "--no-access-log",
]  # fmt: skip


def bare(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The limit: what every request must at least do."""
    number, _part = read("o", environ["PATH_INFO"][5:].removesuffix(".gif"))
    _valkey().execute_command("XADD", STREAM, "*", "d", "o", "o", number, "p", 0, "a", environ["HTTP_USER_AGENT"][:200])
    start_response("200 OK", [("Content-Type", "image/gif"), ("Content-Length", str(len(DOT)))])
    return [DOT]


def track(scale: int) -> Iterator[Row]:
    """In turns, the better of two runs each. The stream is emptied after each: no such delivery exists."""
    paths = [f"/t/o/{sign('o', 2**40 + number)}.gif" for number in range(1_000)]
    found: dict[str, list[float]] = {"config.wsgi:application": [], "tests.bench.track:bare": []}
    for _run in range(2):
        for target, rates in found.items():
            with served(target) as port:
                rates.append(_rate(port, paths))
            _valkey().delete(STREAM)
    ours, limit = (max(rates) for rates in found.values())
    yield Row("track", scale, ours, limit, "req/s", GOAL)


@contextlib.contextmanager
def served(target: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with subprocess.Popen(
        [*SERVER, "--port", str(port), target], cwd=ROOT, env={**os.environ, "SECRET_KEY": settings.SECRET_KEY},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=embedded.die_with_parent(embedded.Valkey.stop_signal),
    ) as server:  # fmt: skip
        try:
            while not _answers(port):
                time.sleep(0.05)
            yield port
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as client:
        client.sendall(b"GET /t/x/y HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return bool(client.recv(16))
    return False


def _rate(port: int, paths: list[str]) -> float:
    """Requests a second that `CLIENTS` connections get answered."""
    counts, end = [0] * CLIENTS, time.monotonic() + SECONDS
    requests = [f"GET {path} HTTP/1.1\r\n{HEADERS}".encode() for path in paths]

    def ask(client_number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as client:
            while time.monotonic() < end:
                client.sendall(requests[counts[client_number] % len(requests)])
                answer = client.recv(4096)
                while DOT not in answer:
                    answer += client.recv(4096)
                counts[client_number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS
