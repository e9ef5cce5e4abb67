"""Backup and restore: PostgreSQL's own pg_dump and pg_restore, and a rule of ours: after a restore nothing is sent.

What was mailed between the backup and the failure is unknown to the restored database, so sending is held (crm_shop)
until someone has looked and releases it (docs/operations.md).
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import psycopg
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config.embedded import postgres_program


class BackupError(Exception):
    """Nothing was changed; the message says why."""


@dataclass(frozen=True)
class Database:
    """A database to dump or to restore into. The password goes by the environment: arguments are seen by everybody."""

    address: str
    password: str

    @classmethod
    def at(cls, url: str) -> "Database":
        try:
            parts = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise BackupError(f"This is no address of a database ({error}): write postgres://user@host/name") from None
        password = str(parts.pop("password", None) or "")
        return cls(make_conninfo(**{name: str(value) for name, value in parts.items()}), password)

    @classmethod
    def ours(cls) -> "Database":
        names = ("dbname", "user", "password", "host", "port", "sslmode")
        given = connection.get_connection_params()
        return cls.at(make_conninfo(**{name: given[name] for name in names if given.get(name)}))

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **({"PGPASSWORD": self.password} if self.password else {})}

    def is_empty(self) -> bool:
        try:
            with contextlib.closing(psycopg.connect(self.address, password=self.password or None)) as server:
                row = server.execute("select not exists (select from pg_tables where schemaname = 'public')").fetchone()
        except psycopg.OperationalError as error:
            raise BackupError(f"The database does not answer: {error}") from None
        return row == (True,)


def backup(database: Database, path: Path) -> None:
    """Write the whole database to `path`, which appears only when it is complete. Raises BackupError."""
    new = path.with_name(path.name + ".new")
    command = [postgres_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", "--file", str(new)]
    try:
        new.touch(mode=0o600)  # it holds every customer
    except OSError as error:
        raise BackupError(f"{new} cannot be written: {error.strerror}.") from None
    done = subprocess.run([*command, "--dbname", database.address], env=database.environment, stderr=subprocess.PIPE)
    if done.returncode:
        new.unlink(missing_ok=True)
        raise BackupError(f"pg_dump: {done.stderr.decode(errors='replace').strip()}")
    new.replace(path)


def restore(database: Database, path: Path, *, replace: bool) -> None:
    """Put the backup in the place of everything in `database`, whole or not at all, and hold sending.

    replace: whether the database may have tables already, which then are lost. Raises BackupError.
    """
    contents = subprocess.run([postgres_program("pg_restore"), "--list", str(path)], capture_output=True)
    if contents.returncode:
        raise BackupError(f"{path} is no backup made by bin/manage backup: {contents.stderr.decode().strip()}")
    if not replace and not database.is_empty():
        raise BackupError("The database has tables already. Say --replace if they may be lost.")
    # One transaction from the first to the last, so that nobody ever sees half a shop, or one that may send.
    command = [postgres_program("psql"), "--single-transaction", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
    steps = [
        "--command=set lock_timeout = '10s'; drop schema if exists public cascade",
        "--command=create schema public authorization pg_database_owner",
        "--file=-",
        "--command=update public.crm_shop set sending_held = true",
    ]
    read = [postgres_program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(path)]
    with tempfile.TemporaryFile() as complaints:
        target = subprocess.Popen(
            [*command, "--dbname", database.address, *steps], env=database.environment,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints,
        )  # fmt: skip
        with subprocess.Popen(read, stdout=subprocess.PIPE, stderr=complaints) as source:
            _pour(source, target)
        if target.wait():
            complaints.seek(0)
            raise BackupError(
                f"The restore failed and changed nothing: {complaints.read().decode(errors='replace').strip()}\n"
                "If it waited for a lock: stop web, workers, beat and collector first."
            )


def _pour(source: subprocess.Popen[bytes], target: subprocess.Popen[bytes]) -> None:
    """Give the target all that the source says. To the target a source that broke off looks like one that is done and
    may be committed, so it is ended instead."""
    with contextlib.suppress(BrokenPipeError):  # the target gave up; it says why
        shutil.copyfileobj(cast(IO[bytes], source.stdout), cast(IO[bytes], target.stdin))
    cast(IO[bytes], source.stdout).close()
    if source.wait():
        target.kill()
    with contextlib.suppress(BrokenPipeError):
        cast(IO[bytes], target.stdin).close()
