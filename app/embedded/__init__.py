"""Servers of our own, a PostgreSQL and a Redis in the data directory, for whoever gives no address of theirs.

They are reached through unix sockets only. Every process that uses a server holds a shared lock on its `.users` file,
and the last one to leave stops it. A process that was killed lost its lock: the next takes over what it left running.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from app.embedded import postgres, redis
from app.embedded.process import EmbeddedError

__all__ = ["EmbeddedError", "Server", "start_postgres", "start_redis", "stop_left_running"]

_LONGEST_SOCKET_PATH = 103  # bytes: what every system we run on can bind


@dataclass
class Server:
    """A server that runs; `url` is what its driver takes: a libpq conninfo string, or a unix:// URL for Redis."""

    url: str
    _leave: Callable[[], None] = field(repr=False)

    def __post_init__(self) -> None:
        atexit.register(self.stop)

    def stop(self) -> None:
        """Stop the server unless another process still uses it; what it was asked before is finished first."""
        atexit.unregister(self.stop)
        self._leave()


def start_postgres(data_dir: Path, *, durable: bool = True) -> Server:
    """Start PostgreSQL with a database `projectionist`, or join the one that runs; not durable is for tests only."""
    folder = _folder(data_dir, "postgres")
    with _one_at_a_time(folder):
        users = _join(folder)
        try:
            url = postgres.start(folder, _socket_dir(folder, postgres.owner()), durable=durable)
        except BaseException:
            if _alone(users):
                postgres.stop(folder)
            users.close()
            raise
    return Server(url, lambda: _leave(folder, users, postgres.stop))


def start_redis(data_dir: Path) -> Server | None:
    """Start Redis, or join the one that runs; None where the machine has no Redis that works."""
    folder = _folder(data_dir, "redis")
    with _one_at_a_time(folder):
        users = _join(folder)
        url = redis.start(folder, _socket_dir(folder, os.geteuid()))
        if url is None:
            users.close()
            return None
    return Server(url, lambda: _leave(folder, users, redis.stop))


def stop_left_running(data_dir: Path) -> None:
    """Stop servers that a killed process left behind; raises `EmbeddedError` where another process uses one."""
    for name, stop in (("postgres", postgres.stop), ("redis", redis.stop)):
        folder = _folder(data_dir, name)
        with _one_at_a_time(folder), _join(folder) as users:
            if not _alone(users):
                raise EmbeddedError(f"{name} in {data_dir} is in use: stop `projectionist serve` first.")
            _end(folder, stop)


def _folder(data_dir: Path, name: str) -> Path:
    # as root, PostgreSQL runs as somebody else, who must be able to pass through
    data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    return data_dir.resolve() / name


def _socket_dir(folder: Path, owner: int) -> Path:
    """The folder itself where its path is short and plain enough for a socket, else one among temporary files."""
    if len(os.fsencode(folder / ".s.PGSQL.5432")) <= _LONGEST_SOCKET_PATH and "," not in str(folder):
        return folder
    sockets = _temporary(folder)
    sockets.mkdir(mode=0o700, exist_ok=True)
    status = sockets.lstat()
    if sockets.is_symlink() or status.st_uid not in (os.geteuid(), owner):
        raise EmbeddedError(
            f"{sockets} belongs to somebody else: remove it, or use a shorter data directory."
        )
    os.chown(sockets, owner, -1)
    return sockets


def _temporary(folder: Path) -> Path:
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"projectionist-{os.geteuid()}-{name}"


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    with folder.with_suffix(".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _join(folder: Path) -> IO[str]:
    users = folder.with_suffix(".users").open("a")
    fcntl.flock(users, fcntl.LOCK_SH)
    return users


def _alone(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _leave(folder: Path, users: IO[str], stop: Callable[[Path], None]) -> None:
    if users.closed:
        return
    with _one_at_a_time(folder):
        if _alone(users):
            _end(folder, stop)
        users.close()


def _end(folder: Path, stop: Callable[[Path], None]) -> None:
    stop(folder)
    with suppress(OSError):
        _temporary(folder).rmdir()
