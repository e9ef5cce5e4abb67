"""Work that only one process does at a time, on all machines together."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.utils.translation import gettext as _


class AlreadyRunning(Exception):
    """Another process is doing this work now; its message says so to people."""


@contextmanager
def exclusive(name: str, *, wait: bool = False) -> Iterator[None]:
    """A transaction in which nobody else does the work `name`. The lock goes with the transaction, however it ends.

    If another process holds it, raises AlreadyRunning at once, or waits for it.
    """
    with transaction.atomic():
        if wait:
            wait_for(name)
        elif not take(name):
            raise AlreadyRunning(
                _("Another process is at this work now (%(name)s). Nothing was changed; try again in a minute.")
                % {"name": name}
            )
        yield


def take(name: str) -> bool:
    """Whether nobody else has the lock `name`; then it is this transaction's until its end."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])


def wait_for(name: str) -> None:
    """Wait until nobody else has the lock `name`; then it is this transaction's until its end."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
