"""Databases for tests: clones of one that was migrated."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from app.database import migrate
from database.connect import connect
from projections.deploy import deploy


@dataclass(frozen=True)
class Databases:
    """`conn` is a superuser's, autocommit; the name of every database begins with `run`."""

    conn: psycopg.Connection[tuple[Any, ...]]
    conninfo: str
    run: str

    @property
    def _template(self) -> str:
        return f"{self.run}_template"

    def prepare(self, lock: Path) -> None:
        """Make the template, unless another worker of this session has."""
        with lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if self._names():
                return
            draft = f"{self.run}_draft"
            self._execute("create database {}", draft)
            conninfo = make_conninfo(self.conninfo, dbname=draft)
            migrate(conninfo)
            with connect(conninfo) as conn:
                deploy(conn)
            # nobody may connect to it: a database that is in use cannot be cloned
            self._execute("alter database {} allow_connections false", draft)
            self._execute("alter database {} rename to {}", draft, self._template)

    @contextmanager
    def clone(self) -> Iterator[str]:
        """The conninfo of a new database like the template, dropped at the end whoever is still connected to it."""
        name = f"{self.run}_{uuid4().hex[:12]}"
        # file_copy takes a tenth of the time of wal_log when fsync is off
        self._execute("create database {} template {} strategy file_copy", name, self._template)
        try:
            yield make_conninfo(self.conninfo, dbname=name)
        finally:
            self._execute("drop database {} with (force)", name)

    def drop_all(self) -> None:
        """Drop the template and what a killed worker left."""
        for name in self._names():
            self._execute("drop database {} with (force)", name)

    def _names(self) -> list[str]:
        found = self.conn.execute(
            "select datname from pg_database where starts_with(datname, %s) and datname <> %s",
            [f"{self.run}_", f"{self.run}_draft"],
        )
        return [name for (name,) in found]

    def _execute(self, statement: str, *names: str) -> None:
        self.conn.execute(SQL(statement).format(*map(Identifier, names)))


@contextmanager
def databases(conninfo: str, run: str) -> Iterator[Databases]:
    """The databases of one test session, made through one connection."""
    with psycopg.connect(conninfo, dbname="postgres", autocommit=True) as conn:
        yield Databases(conn, conninfo, run)
