"""The real things that tests run on: Postgres, Valkey, a Celery worker, an SMTP server, a web server, Chromium.

Each pytest process (each worker of -n) has a database and a Valkey of its own. The servers themselves come from
DATABASE_URL and REDIS_URL, or are the embedded ones, which run as long as the tests do.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import redis
from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.cache import caches
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import TransactionTestCase

from config import embedded
from tests import databases

ROOT = Path(__file__).resolve().parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
NO_BROWSER = "no Chromium on this machine"
_users: list[embedded.User] = []


# Set-up of the whole run


def pytest_configure(config: pytest.Config) -> None:
    # Templates name static files without the hash, so that tests need no collectstatic. Before the test modules are read:
    # one that only names a storage wakes all of them.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright has an event loop in our thread
    if not WORKER:
        _users.extend(embedded.start())


def pytest_unconfigure(config: pytest.Config) -> None:
    embedded.stop(_users)
    _users.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if NO_BROWSER in str(report.longrepr)]
    if skipped:
        terminalreporter.section("BROWSER TESTS DID NOT RUN", red=True, bold=True)
        terminalreporter.line(f"{len(skipped)} tests need Chromium: install it, or name it in CHROMIUM.", red=True)


def wait_until(condition: Callable[[], Any], seconds: float = 10, what: str = "the condition") -> Any:
    """Ask again and again until the answer is true, and return it; fail after the deadline."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"Waited {seconds} s in vain for {what}.")
        time.sleep(0.02)
    return answer


@pytest.fixture(scope="session", name="wait_until")
def _wait_until() -> Callable[..., Any]:
    return wait_until


# Postgres


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """A database of this process's own, copied from a template that is migrated once for a set of migrations."""
    databases.prepare_template()
    with django_db_blocker.unblock():
        databases.create()
    TransactionTestCase._fixture_teardown = lambda self: databases.renew()  # type: ignore[method-assign]
    yield
    with django_db_blocker.unblock():
        databases.drop()


@pytest.fixture(scope="session")
def database_url(django_db_setup: None) -> str:
    """Address of this process's test database, for programs that a test starts."""
    return databases.url(databases.NAME)


# Valkey


@pytest.fixture(scope="session", autouse=True)
def valkey_url() -> Iterator[str]:
    """Address of this process's Valkey, to which settings and Celery point in every test."""
    if given := os.environ.get("REDIS_URL"):
        number = 8 + int(WORKER.removeprefix("gw") or 0) % 8
        url = f"{given.partition('?')[0]}?db={number}"
        _take_over(url)
        _point_to(url)
        yield url
        redis.Redis.from_url(url).flushdb()
        return
    folder = Path(tempfile.mkdtemp(prefix="regulars-test-"))
    server = subprocess.Popen(
        embedded.valkey_command(folder, folder / "s"), stdout=subprocess.DEVNULL,
        preexec_fn=embedded.die_with_parent(embedded.Valkey.stop_signal),
    )  # fmt: skip
    try:
        wait_until(lambda: embedded.pings(folder / "s"), what="Valkey")
        _point_to(f"unix://{folder}/s")
        yield f"unix://{folder}/s"
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder)


def _take_over(url: str) -> None:
    client = redis.Redis.from_url(url)
    if client.dbsize() and not client.exists("regulars:test"):
        pytest.exit(f"{url} holds data that is not from tests: give another REDIS_URL.", 2)
    client.flushdb()
    client.set("regulars:test", 1)


def _point_to(url: str) -> None:
    from config.celery import app

    settings.REDIS_URL = url
    settings.CELERY_BROKER_URL = app.conf.broker_url = embedded.broker_url(url)
    if "redis" in settings.CACHES["default"]["BACKEND"].lower():
        settings.CACHES["default"]["LOCATION"] = url
        with contextlib.suppress(AttributeError):
            del caches["default"]  # made while modules were imported, with the address of before


@pytest.fixture(scope="session")
def _valkey(valkey_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture(autouse=True)
def valkey(_valkey: redis.Redis) -> redis.Redis:
    """A client of this process's Valkey. At the start of each test it is empty but for what Celery's worker needs:
    no counts of log-ins, no tasks of another test."""
    if others := [key for key in _valkey.scan_iter(count=1000) if not key.startswith((b"_kombu", b"regulars:test"))]:
        _valkey.delete(*others)
    return _valkey


# Celery


@pytest.fixture(scope="session")
def _worker(database_url: str, valkey_url: str, _smtp: "SmtpServer") -> Iterator[None]:
    from config.celery import app

    command = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "-P", "threads", "-c", "2"]
    with (Path(tempfile.gettempdir()) / f"regulars-worker-{os.getpid()}.log").open("w+") as log:
        worker = subprocess.Popen(
            [*command, "--without-gossip", "--without-mingle", "-l", "INFO"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
            env=environment(database_url, valkey_url, _smtp),
            preexec_fn=embedded.die_with_parent(embedded.Valkey.stop_signal),
        )  # fmt: skip
        try:
            wait_until(lambda: worker.poll() is not None or app.control.ping(timeout=0.3), 60, "the Celery worker")
            if worker.poll() is not None:
                pytest.fail(f"The Celery worker ended at once:\n{Path(log.name).read_text()}")
            yield
        finally:
            worker.terminate()
            try:
                worker.wait(10)
            except subprocess.TimeoutExpired:
                worker.kill()
            Path(log.name).unlink()


@pytest.fixture
def celery_worker(_worker: None, valkey: redis.Redis, transactional_db: None) -> None:
    """A real worker process on this test's database, Valkey and SMTP server."""


def environment(database_url: str, valkey_url: str, smtp: "SmtpServer") -> dict[str, str]:
    """The environment for a program of ours that a test starts."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "SECRET_KEY": settings.SECRET_KEY,
        "REDIS_URL": valkey_url,
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    }


@pytest.fixture
def process_environment(database_url: str, valkey_url: str, _smtp: "SmtpServer") -> dict[str, str]:
    return environment(database_url, valkey_url, _smtp)


# SMTP


@dataclass
class Received:
    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]


@dataclass
class SmtpServer:
    """What arrived, in order. `refuse` maps a recipient to the answer it gets instead, such as "550 no such user"."""

    port: int = 0
    messages: list[Received] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.messages.append(Received(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def _smtp() -> Iterator[SmtpServer]:
    receiver = SmtpServer(port=free_port())
    controller = Controller(receiver, hostname="127.0.0.1", port=receiver.port)
    controller.start()
    yield receiver
    controller.stop()


@pytest.fixture
def smtp_server(_smtp: SmtpServer, settings: Any) -> SmtpServer:
    """A real SMTP server, empty at the start of each test; Django's e-mail settings and the worker's point to it."""
    _smtp.messages.clear()
    _smtp.refuse.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", _smtp.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    return _smtp


# The web


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def live(transactional_db: None, valkey: redis.Redis, settings: Any) -> Iterator[str]:
    """The address of a web server on the test's database: the whole WSGI door, /t/ included."""
    from config.wsgi import application

    settings.ALLOWED_HOSTS = ["*"]
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet, allow_reuse_address=False)
    server.set_app(_with_static_files(application))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    settings.PUBLIC_URL = url
    yield url
    server.shutdown()
    server.server_close()
    thread.join()


def _with_static_files(application: Callable[..., Any]) -> Callable[..., Any]:
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.handlers.wsgi import WSGIHandler

    files = StaticFilesHandler(WSGIHandler())

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        static = environ["PATH_INFO"].startswith(settings.STATIC_URL)
        return (files if static else application)(environ, start_response)

    return serve


def chromium() -> str | None:
    """Path of the machine's Chromium: CHROMIUM, else the first on PATH by its usual names."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    program = chromium()
    if program is None:
        if os.environ.get("REGULARS_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{NO_BROWSER}, and REGULARS_REQUIRE_BROWSER=1 asks for one.")
        pytest.skip(NO_BROWSER)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
    arguments = ["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(
            executable_path=program, args=[*arguments, *(["--no-sandbox"] if os.getuid() == 0 else [])]
        )
        yield chrome
        chrome.close()


@pytest.fixture
def browser_page(browser: Any) -> Iterator[Any]:
    """A page in a browser context of its own. The test fails if the page logs an error or asks another machine."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if _is_error(message) else None)
    page.on("request", lambda request: errors.append(f"asked for {request.url}") if _is_outside(request.url) else None)
    yield page
    context.close()
    assert not errors, f"The page complained: {errors}"


def _is_error(message: Any) -> bool:
    # A form that comes back with 422 is reported as a failed load, and is none.
    return message.type == "error" and "Failed to load resource" not in message.text


def _is_outside(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:"))
