"""PostgreSQL and Valkey without installing either: the programs that come as Python wheels, run under REGULARS_VAR.

Used wherever DATABASE_URL or REDIS_URL is unset. `database_url()` and `redis_url()` start nothing and always give the
same address, so settings may call them. `running()` makes sure that the servers answer while a block runs.

Who stops them? Each server has a keeper, a small process that started it. Whoever needs the server holds a shared lock
on a file (`users`); the keeper waits for that lock alone, and gets it when the last user has ended, however it ended:
the kernel gives the locks of a killed process back. Then it stops the server and goes. If the keeper itself is killed,
the kernel stops the server (parent-death signal). So nothing is left running, and two commands may overlap.
"""

import contextlib
import os
from collections.abc import Iterator
from urllib.parse import quote

from config.embedded.postgres import DATABASE, Postgres, postgres_program
from config.embedded.server import Server, ServerFailed, User, die_with_parent, var
from config.embedded.valkey import Valkey, pings, valkey_command

__all__ = [
    "Postgres", "Server", "ServerFailed", "User", "Valkey", "broker_url", "database_url", "die_with_parent", "pings",
    "postgres_program", "redis_url", "running", "start", "stop", "valkey_command", "var",
]  # fmt: skip


def database_url() -> str:
    """Address of the embedded database, as libpq and django-environ (as OPTIONS["host"]) both read it."""
    return f"postgres://postgres@/{DATABASE}?host={quote(str(Postgres().sockets), safe='/')}"


def redis_url() -> str:
    """Address of the embedded Valkey, as the redis client reads it; `broker_url` turns it into Celery's."""
    return f"unix://{Valkey().socket}"


def broker_url(url: str) -> str:
    """The same server as Celery names it: unix:///a/b?db=1 becomes redis+socket:///a/b?virtual_host=1."""
    if not url.startswith("unix://"):
        return url
    path, _, query = url.removeprefix("unix://").partition("?")
    return f"redis+socket://{path}?virtual_host={query.removeprefix('db=') or '0'}"


def start() -> list[User]:
    """Start the servers that the environment does not name, unless they run; they stop when the last user ends."""
    wanted = [server for server in (Postgres, Valkey) if not os.environ.get(server.variable)]
    return [server().use() for server in wanted]


def stop(users: list[User]) -> None:
    for user in reversed(users):
        user.release()


@contextlib.contextmanager
def running() -> Iterator[None]:
    """The servers that the environment does not name answer inside this block."""
    users = start()
    try:
        yield
    finally:
        stop(users)
