"""Which processes belong to a data folder, and what lies outside of it."""

import os
import shutil
from pathlib import Path

import pytest

from config.embedded import Postgres, Valkey
from config.embedded.postgres import OUTSIDE
from config.embedded.server import short_hash


def belonging_to(var: Path) -> list[int]:
    """Every living process that was started with this REGULARS_VAR: users, keepers and servers."""
    mark, found = os.fsencode(f"REGULARS_VAR={var}\0"), []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes() + b"\0":  # empty for one that is dead and not yet reaped
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def forget_outside(var: Path) -> None:
    """Take away what the embedded servers keep elsewhere for a folder that they cannot use."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGULARS_VAR", str(var))
        for outside in (OUTSIDE / short_hash(var), Postgres().sockets, Valkey().socket.parent):
            shutil.rmtree(outside, ignore_errors=True)
