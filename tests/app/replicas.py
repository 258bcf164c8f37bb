"""A primary of its own and a streaming replica of it, as an operator has them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from app.database import migrate
from app.embedded import postgres, start_postgres
from database.connect import connect
from projections.deploy import deploy

Conn = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Pair:
    """Two servers; `folder` is the replica's."""

    primary: str
    replica: str
    folder: Path

    def on_replica(self) -> Conn:
        """Open a connection of a superuser's to the replica, autocommit."""
        return psycopg.connect(self.replica, autocommit=True)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the replica replay nothing for the time of the block."""
        with self.on_replica() as conn:
            conn.execute("select pg_wal_replay_pause()")
            try:
                yield
            finally:
                conn.execute("select pg_wal_replay_resume()")

    @contextmanager
    def away(self) -> Iterator[None]:
        """Have no replica for the time of the block."""
        postgres.stop(self.folder)
        try:
            yield
        finally:
            postgres.start(self.folder, self.folder, durable=False)

    def said(self) -> str:
        """Return the replica's own log, with every statement that it ran."""
        return (self.folder / "server.log").read_text(errors="replace")


@contextmanager
def replicated(folder: Path) -> Iterator[Pair]:
    """Give a migrated database and its replica, both gone at the end."""
    primary = start_postgres(folder / "primary", durable=False)
    standby = folder / "standby"
    try:
        migrate(primary.url)
        with connect(primary.url) as conn:
            deploy(conn)
        yield Pair(primary.url, _replica_of(primary.url, standby), standby)
    finally:
        postgres.stop(standby)
        primary.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _replica_of(conninfo: str, folder: Path) -> str:
    given = conninfo_to_dict(conninfo)
    folder.mkdir(mode=0o700)
    os.chown(folder, postgres.owner(), -1)
    # -R writes primary_conninfo and standby.signal
    copied, said = postgres.as_owner(
        *(postgres.program("pg_basebackup"), "-h", str(given["host"]), "-U", "postgres", "-D", folder),
        *("-R", "-X", "stream", "-c", "fast", "--no-sync"),
    )
    assert copied, said
    url = postgres.start(folder, folder, durable=False)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("alter system set log_statement = 'all'")
        conn.execute("select pg_reload_conf()")
    return url
