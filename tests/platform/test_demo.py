"""bin/demo from the first start to the last process, as somebody at a terminal meets it."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port, wait_until
from tests.platform.processes import belonging_to, forget_outside

ROOT = Path(__file__).resolve().parent.parent.parent
READY = re.compile(r"^Regulars is ready: (http://127\.0\.0\.1:\d+)$", re.M)


class Terminal:
    """A terminal in which bin/demo runs, with a data folder and a port of its own."""

    def __init__(self, var: Path) -> None:
        self.var, self.port = var, free_port()
        self.demo: subprocess.Popen[bytes] | None = None
        self.screen = var.parent / "screen.txt"

    def start(self, *arguments: str) -> "Terminal":
        environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "MAILBOX_DIR")}
        with self.screen.open("wb") as screen:
            self.demo = subprocess.Popen(
                [ROOT / "bin" / "demo", "--port", str(self.port), *arguments],
                stdin=subprocess.DEVNULL, stdout=screen, stderr=screen, env={**environment, "REGULARS_VAR": str(self.var)},
            )  # fmt: skip
        return self

    def text(self) -> str:
        return self.screen.read_text()

    def wait_until_ready(self, seconds: float) -> str:
        assert self.demo is not None
        deadline = time.monotonic() + seconds
        while not (found := READY.search(self.text())):
            assert self.demo.poll() is None, self.text()
            assert time.monotonic() < deadline, f"Not ready after {seconds} s:\n{self.text()}"
            time.sleep(0.1)
        return found[1]

    def end(self, sig: signal.Signals) -> int:
        assert self.demo is not None
        self.demo.send_signal(sig)
        return self.demo.wait(60)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    base = Path(tempfile.mkdtemp(prefix="regulars demo "))
    base.chmod(0o755)
    terminal = Terminal(base / "var")
    yield terminal
    for pid in belonging_to(terminal.var):
        os.kill(pid, signal.SIGKILL)
    if terminal.demo:
        terminal.demo.kill()
        terminal.demo.wait()
    wait_until(lambda: not belonging_to(terminal.var), what="the end of all")
    forget_outside(terminal.var)
    subprocess.run(["rm", "-rf", base], check=True)


def answer(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read()


@pytest.mark.slow
def test_demo_starts_says_so_stops_without_a_trace_and_survives_being_killed(terminal):
    # Generous deadlines: tests share the machine. The log-ins are on the screen and in demo.json.
    url = terminal.start("--customers", "60").wait_until_ready(180)
    facts = json.loads((terminal.var / "demo.json").read_text())
    assert (facts["url"], facts["mail_url"]) == (url, f"{url}/mailbox/")
    assert [user["role"] for user in facts["users"]] == ["sales", "support", "marketing", "manager", "admin"]
    assert all(user["email"] in terminal.text() and user["password"] in terminal.text() for user in facts["users"])
    assert json.loads(answer(f"{url}/health/ready"))["status"] == "ok"
    assert b"<html" in answer(f"{url}/accounts/login/")

    second = subprocess.run([ROOT / "bin" / "demo"], env={**os.environ, "REGULARS_VAR": str(terminal.var)},
                            capture_output=True, text=True)  # fmt: skip
    assert second.returncode == 1
    assert "A demo is running already" in second.stderr

    assert terminal.end(signal.SIGTERM) == 0
    assert belonging_to(terminal.var) == []

    terminal.start().wait_until_ready(90)
    assert "Filling the demo shop" not in terminal.text()
    for pid in belonging_to(terminal.var):
        os.kill(pid, signal.SIGKILL)
    terminal.demo.wait()

    terminal.start().wait_until_ready(90)
    assert "Filling the demo shop" not in terminal.text()
    terminal.demo.send_signal(signal.SIGKILL)
    wait_until(lambda: not belonging_to(terminal.var), 30, "the end of all that the killed demo had started")


@pytest.mark.slow
def test_demo_starts_from_ones_own_orders(terminal):
    orders = terminal.var.parent / "my orders.csv"
    orders.write_text("order,customer,date,amount\n1,Lan,2026-05-01,120000\n2,Minh,2026-06-01,80000\n")
    terminal.start("--orders", str(orders)).wait_until_ready(180)
    terminal.end(signal.SIGINT)
    assert belonging_to(terminal.var) == []
    other = terminal.var.parent / "other.csv"
    other.write_text(orders.read_text())
    assert terminal.start("--orders", str(other)).demo.wait(60) == 1
    assert "holds a shop already" in terminal.text()


def test_a_port_in_use_is_said(terminal):
    with socket.create_server(("127.0.0.1", terminal.port)):
        assert terminal.start().demo.wait(60) == 1
    assert f"Port {terminal.port} is used by another program" in terminal.text()


def test_ctrl_c_while_it_is_still_starting_leaves_nothing(terminal):
    terminal.start("--customers", "60")
    wait_until(lambda: "Preparing" in terminal.text(), 60, "the first steps")
    time.sleep(0.5)
    terminal.end(signal.SIGINT)
    assert belonging_to(terminal.var) == []


def test_set_up_says_that_python_is_missing(tmp_path):
    for name in ("dirname", "sed", "flock", "bash", "rm", "cat"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}" if Path(f"/usr/bin/{name}").exists() else f"/bin/{name}")
    (tmp_path / "house" / "bin").mkdir(parents=True)
    for name in ("setup", "python.sh"):
        (tmp_path / "house" / "bin" / name).symlink_to(ROOT / "bin" / name)
    (tmp_path / "house" / "pyproject.toml").touch()
    script = tmp_path / "house" / "bin" / "setup"
    done = subprocess.run(["bash", script], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Regulars needs Python 3.11 or newer" in done.stderr


@pytest.mark.parametrize("program", ["setup", "demo", "test", "manage", "lint"])
def test_programs_explain_themselves(program):
    done = subprocess.run([ROOT / "bin" / program, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"bin/{program}")
    assert len(done.stdout.splitlines()) >= 3
