"""Test databases: a template migrated once for each set of migrations, and copies of it, made in a moment."""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection, connections

from config import embedded

ROOT = Path(__file__).resolve().parent.parent
NAME = f"t_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"


def url(name: str) -> str:
    """Address of another database on the same server."""
    return urlsplit(os.environ.get("DATABASE_URL") or embedded.database_url())._replace(path=f"/{name}").geturl()


def template() -> str:
    """The template's name: it changes with any migration, with the SQL they read, and with the packages."""
    files = sorted([*ROOT.glob("*/migrations/**/*.py"), *ROOT.glob("*/**/*.sql"), ROOT / "requirements.txt"])
    files = [file for file in files if "node_modules" not in file.parts and ".venv" not in file.parts]
    return "tpl_" + hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def prepare_template() -> None:
    """Build the template if it is missing; one process does, the others wait. Also sweeps what dead runs left."""
    name = template()
    with (embedded.var() / ".tests.lock").open("w") as lock, _server() as server:
        fcntl.flock(lock, fcntl.LOCK_EX)
        existing = [row[0] for row in server.execute("select datname from pg_database")]
        for old in filter(_abandoned, existing):
            _drop(server, old)
        if name in existing:
            return
        for old in existing:
            if old.startswith("tpl_"):
                server.execute(f'alter database "{old}" is_template false')
                _drop(server, old)
        server.execute(f"create database {name}_new")
        environment = {**os.environ, "DATABASE_URL": url(f"{name}_new"), "SECRET_KEY": settings.SECRET_KEY}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        server.execute(f"alter database {name}_new rename to {name}")
        server.execute(f"alter database {name} is_template true allow_connections false")


def create() -> None:
    """Make this process's database and point Django to it."""
    with _server() as server:
        server.execute(f'create database "{NAME}" template {template()} strategy wal_log')
    connections.close_all()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = NAME


def renew() -> None:
    """A fresh copy in place of the used one: without what tests committed, with what migrations put in."""
    drop()
    create()


def drop() -> None:
    connections.close_all()
    with _server() as server:
        _drop(server, NAME)


def _drop(server: psycopg.Connection, name: str) -> None:
    server.execute(f'drop database if exists "{name}" with (force)')


def _abandoned(name: str) -> bool:
    if name.endswith("_new") and name.startswith("tpl_"):
        return True
    if not name.startswith("t_"):
        return False
    pid = name.rpartition("_")[2]
    return pid.isdigit() and not Path(f"/proc/{pid}").exists()


@contextmanager
def _server() -> Iterator[psycopg.Connection]:
    with closing(psycopg.connect(url("postgres"), autocommit=True)) as server:
        yield server
