"""One embedded server: who uses it, who keeps it up, and when it is stopped (see the package's docstring)."""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SOCKET_LIMIT = 107  # bytes that the kernel allows in the path of a socket


class ServerFailed(RuntimeError):
    """An embedded server did not come up; the message ends with the end of its log."""


def var() -> Path:
    """The folder for everything that is made at run time: REGULARS_VAR, else var/ in the repository."""
    folder = Path(os.environ.get("REGULARS_VAR") or REPOSITORY / "var").expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


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
        lock = self.open_lock("users")
        fcntl.flock(lock, fcntl.LOCK_SH)
        deadline = time.monotonic() + 60
        keeper: subprocess.Popen[bytes] | None = None
        while not (self.kept() and self.answers()):
            status = keeper.poll() if keeper else 0
            if status:
                raise ServerFailed(f"{self.name} did not start. The end of {self.log}:\n{self._log_end()}")
            if status == 0 and not self.kept():
                keeper = self._start_keeper()
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.name} did not answer within 60 s. The end of {self.log}:\n{self._log_end()}")
            time.sleep(0.03)
        return User(self, lock)

    def _start_keeper(self) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "config.embedded", "--keep", self.name],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=REPOSITORY, start_new_session=True,
                env={**os.environ, "REGULARS_VAR": str(self.root)},
            )  # fmt: skip

    def kept(self) -> bool:
        """Whether a keeper is alive: it holds its lock as long as it lives."""
        return not _free(self.open_lock("keeper"), fcntl.LOCK_SH)

    def open_lock(self, lock: str) -> IO[bytes]:
        return (self.root / f".{self.name}.{lock}").open("ab")

    def _log_end(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:]) if self.log.exists() else "(no log)"

    # The keeper

    def keep(self) -> None:
        """Run the server until nobody uses it. This is the whole life of the keeper process."""
        for sig in (signal.SIGINT, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)
        keeper, users = self.open_lock("keeper"), self.open_lock("users")
        if not _free(keeper, fcntl.LOCK_EX, keep=True):
            return
        unused = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: unused.set())

        def wait_for_last_user() -> None:
            fcntl.flock(users, fcntl.LOCK_EX)
            unused.set()

        threading.Thread(target=wait_for_last_user, daemon=True).start()
        while not unused.is_set():
            try:
                self._end_leftovers()
                server = self._run()
            except ServerFailed as error:
                sys.exit(str(error))
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


class User:
    """A use of a server; it stays up until the last of these is released."""

    def __init__(self, server: Server, lock: IO[bytes]) -> None:
        self.server, self.lock = server, lock

    def release(self) -> None:
        """Stop using the server, and when nobody else does, wait until it has stopped."""
        self.lock.close()
        deadline = time.monotonic() + 35
        while self.server.kept() and time.monotonic() < deadline:
            with self.server.open_lock("users") as users:
                if not _free(users, fcntl.LOCK_EX) and _free(users, fcntl.LOCK_SH):
                    return  # others use it
            time.sleep(0.02)


def wheel(package: str) -> Path:
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


def _working_in(folder: Path) -> list[int]:
    """Processes whose working folder is `folder`: Postgres and Valkey each stay in their data folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
    return found


def fits(socket_path: Path) -> bool:
    text = str(socket_path)
    return len(os.fsencode(text)) <= SOCKET_LIMIT and text.isascii() and not set(text) & set(" '\",%?#&")


def short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
