"""bin/demo: everything that Regulars needs on one machine, started in order, watched, and stopped in reverse order.

Every process dies with this one, even when this one is killed (embedded.die_with_parent), so nothing is left running.
"""

import argparse
import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from config import embedded

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 60  # seconds
GRACE = 15  # seconds that a process gets to finish what it does


class DemoFailed(Exception):
    """The demo cannot go on; the message is for the person at the terminal."""


class Stopped(Exception):
    """Somebody asked to stop."""


@dataclass
class Process:
    """A program that runs as long as the demo, with its log in REGULARS_VAR/log."""

    name: str
    command: list[str]
    environment: dict[str, str]
    running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return embedded.var() / "log" / f"{self.name}.log"

    def start(self) -> None:
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command, env=self.environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=embedded.die_with_parent(signal.SIGTERM),
            )  # fmt: skip

    def ended(self) -> bool:
        return self.running is not None and self.running.poll() is not None

    def ask_to_stop(self) -> None:
        if self.running and not self.ended():
            self.running.terminate()

    def stop(self) -> None:
        """Wait until it has finished, then end it and whatever it started."""
        if self.running is None:
            return
        try:
            self.running.wait(GRACE)
        except subprocess.TimeoutExpired:
            say(f"  {self.name} did not stop within {GRACE} s and is ended.")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running.pid, signal.SIGKILL)  # its children, should any be left
        self.running.wait()

    def end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:]) if self.log.exists() else ""


@dataclass
class Demo:
    port: int
    customers: int
    orders: Path | None
    stop_asked: threading.Event = field(default_factory=threading.Event)
    processes: list[Process] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> None:
        """Start everything, wait until somebody asks to stop, and stop everything. Raises DemoFailed."""
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, lambda *_: self.stop_asked.set())
        mark = embedded.var() / "demo.json"
        with (embedded.var() / ".demo").open("w") as lock:
            self._only_one(lock.fileno())
            mark.unlink(missing_ok=True)
            users: list[embedded.User] = []
            try:
                self._wait_for_port()
                say("Starting PostgreSQL and Valkey ...")
                users += embedded.start()
                say("Preparing the database ...")
                found = json.loads(self._manage("demo_prepare"))
                self._fill(empty=found["empty"])
                self._start_processes()
                self._wait_until_ready()
                self._announce(mark, found["users"])
                self._watch()
            except Stopped:
                pass
            finally:
                say("Stopping ...")
                mark.unlink(missing_ok=True)
                self._stop_processes()
                embedded.stop(users)

    def _only_one(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoFailed(
                f"A demo is running already with {embedded.var()}. Stop it, or give this one a folder and a port of its "
                "own: REGULARS_VAR=/some/folder bin/demo --port 8001"
            ) from None

    def _wait_for_port(self) -> None:
        """The port must be free; a demo that was killed a moment ago still holds it for a second or two."""
        deadline = time.monotonic() + 5
        while not is_free(self.port):
            if time.monotonic() > deadline:
                raise DemoFailed(f"Port {self.port} is used by another program. Choose one: bin/demo --port 8001")
            self._pause(0.2)

    def _fill(self, *, empty: bool) -> None:
        loaded_from = embedded.var() / "orders_file"
        if self.orders is None:
            if empty:
                say(f"Filling the demo shop with {self.customers:,} customers and three years of orders ...")
                self._manage("demo_shop", "--customers", str(self.customers), show=True)
        elif empty:
            say(f"Reading {self.orders} ...")
            self._manage("import_orders", str(self.orders), "--preset", "generic", show=True)
            self._manage("rescore", "--full", show=True)
            loaded_from.write_text(str(self.orders))
        elif not loaded_from.exists() or loaded_from.read_text() != str(self.orders):
            raise DemoFailed(
                f"{embedded.var()} holds a shop already, so {self.orders} was not read. "
                "Give it a folder of its own: REGULARS_VAR=/some/folder bin/demo --orders FILE"
            )

    def _start_processes(self) -> None:
        say("Starting mail catcher, worker, beat, collector and web server ...")
        environment, mail_port = self._environment(), free_port()
        environment["EMAIL_URL"] = f"smtp://127.0.0.1:{mail_port}"
        manage = [sys.executable, "manage.py"]
        mailbox = environment["MAILBOX_DIR"]
        celery = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "--concurrency", "2"]
        granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"]
        commands = {
            "mail": [*manage, "mailcatcher", "--skip-checks", "--port", str(mail_port), "--dir", mailbox],
            "worker": [*celery, "--without-gossip", "--without-mingle", "--loglevel", "INFO"],
            "beat": [*manage, "beat"],
            "collector": [*manage, "collect", "--skip-checks"],
            "web": [
                *granian, "--host", "127.0.0.1", "--port", str(self.port), "--workers", "2", "--blocking-threads", "16",
                "--respawn-failed-workers", "--workers-kill-timeout", "10", "--log-level", "error",
            ],
        }  # fmt: skip
        for name, command in commands.items():
            process = Process(name, command, environment)
            self.processes.append(process)
            process.start()

    def _environment(self) -> dict[str, str]:
        return {
            "PUBLIC_URL": self.url,
            "MAILBOX_DIR": str(embedded.var() / "mailbox"),
            **os.environ,
            "REGULARS_VAR": str(embedded.var()),
        }

    def _manage(self, *command: str, show: bool = False) -> str:
        """Run a command of manage.py to its end; its output, or with `show` at once on the terminal."""
        child = subprocess.Popen(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=self._environment(), stdin=subprocess.DEVNULL,
            stdout=None if show else subprocess.PIPE, text=True, start_new_session=True,
            preexec_fn=embedded.die_with_parent(signal.SIGTERM),
        )  # fmt: skip
        while True:
            try:
                output, _ = child.communicate(timeout=0.3)
                break
            except subprocess.TimeoutExpired:
                if self.stop_asked.is_set():
                    child.terminate()
                    child.communicate()
                    raise Stopped from None
        if child.returncode:
            raise DemoFailed(f"bin/manage {' '.join(command)} failed; its complaint stands above.")
        return output or ""

    def _wait_until_ready(self) -> None:
        deadline, answer = time.monotonic() + READY_WITHIN, ""
        while (answer := self._ask_health()) != "ok":
            for process in self.processes:
                if process.ended():
                    raise DemoFailed(f"{process.name} ended at once. The end of {process.log}:\n{process.end_of_log()}")
            if time.monotonic() > deadline:
                raise DemoFailed(
                    f"Not ready after {READY_WITHIN} s: {answer}. The logs are in {embedded.var() / 'log'}."
                )
            self._pause(0.1)

    def _ask_health(self) -> str:
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5):  # noqa: S310 - our own server
                return "ok"
        except urllib.error.HTTPError as error:
            return error.read().decode(errors="replace")
        except OSError as error:
            return str(error)

    def _announce(self, mark: Path, logins: list[dict[str, str]]) -> None:
        facts = {"url": self.url, "mail_url": f"{self.url}/mailbox/", "users": logins}
        new = mark.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(facts, indent=2))
        new.rename(mark)
        say(f"\nRegulars is ready: {self.url}\n")
        for login in logins:
            say(f"  {login['role']:<10} {login['email']:<26} {login['password']}")
        say(f"\n  What it mails arrives at {self.url}/mailbox/ and nowhere else.  Ctrl-C stops everything.")

    def _watch(self) -> None:
        while True:
            for process in self.processes:
                if process.ended():
                    say(f"{process.name} ended unexpectedly (see {process.log}) and is started again.")
                    process.start()
            self._pause(1)

    def _pause(self, seconds: float) -> None:
        if self.stop_asked.wait(seconds):
            raise Stopped

    def _stop_processes(self) -> None:
        for process in reversed(self.processes):
            process.ask_to_stop()
            process.stop()


def say(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone; stopping must go on
        print(text, flush=True)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/demo", description="Run Regulars with a demo shop on this machine.")
    parser.add_argument("--port", type=int, default=8000, help="of the web server (default 8000)")
    parser.add_argument("--customers", type=int, default=5000, help="size of the demo shop (default 5000)")
    parser.add_argument(
        "--orders", type=Path, help="start from your own orders (csv or csv.gz) instead of the demo shop"
    )
    options = parser.parse_args()
    orders = options.orders.resolve() if options.orders else None
    if orders and not orders.is_file():
        parser.error(f"{orders} is not a file")
    try:
        Demo(options.port, options.customers, orders).run()
    except (DemoFailed, embedded.ServerFailed) as error:
        print(f"bin/demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
