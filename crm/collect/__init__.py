"""Sense, the lean way: opens, clicks and the like, from a signed address to the time line.

`ingest` answers the web request and puts the hit into a Valkey stream; `collector`, a process of its own, copies the
stream into Postgres. What a hit means, apps say by registering a door: `/t/<door>/<token>`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True)
class Door:
    """A kind of signed address. A token carries two numbers: of the object (a delivery) and of the part (a link)."""

    # Where a hit is sent on to; None: it is answered with a dot of a picture. Returns None when there is nothing any more.
    target: Callable[[int], str | None] | None
    # Turns the hits of a batch (the table `hit`, see collector.py) into events; called once a batch, however many doors share it.
    collect: Callable[[CursorWrapper], None]


doors: dict[str, Door] = {}


def register(name: str, door: Door) -> None:
    doors[name] = door
