"""How far an import is, told while its transaction is still open: on a connection of its own, which also hears the stop."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import monotonic

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

EVERY = 0.5  # seconds between two looks


class Stopped(Exception):
    """Somebody asked the import to stop; nothing of it was written."""


class Progress:
    """Tells `crm_import` the step and how many of its rows are done. Raises Stopped when the stop was asked for."""

    def __init__(self, import_id: int, aside: BaseDatabaseWrapper) -> None:
        self.import_id, self.aside = import_id, aside
        self.told_at = 0.0
        self.step = ""

    @classmethod
    @contextmanager
    def of(cls, import_id: int) -> Iterator["Progress"]:
        with closing(connection.copy()) as aside:
            yield cls(import_id, aside)

    def start(self) -> None:
        with self.aside.cursor() as cursor:
            cursor.execute(
                "update crm_import set state = 'running', started_at = clock_timestamp() where id = %s",
                [self.import_id],
            )

    def begin(self, step: str) -> None:
        """A new step, named in a word or two."""
        self.step, self.told_at = step, 0.0
        self.tell(0, 0)

    def tell(self, done: int, total: int) -> None:
        if monotonic() < self.told_at + EVERY:
            return
        self.told_at = monotonic()
        with self.aside.cursor() as cursor:
            cursor.execute(
                "update crm_import set step = %s, done = %s, total = greatest(%s, %s),"
                " step_started_at = case when step = %s then step_started_at else clock_timestamp() end"
                " where id = %s returning stop_asked",
                [self.step, done, done, total, self.step, self.import_id],
            )
            row = cursor.fetchone()
        if row and row[0]:
            raise Stopped
