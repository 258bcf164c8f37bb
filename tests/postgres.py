"""Databases for tests: clones of templates that were filled once."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from alembic import command
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL, Identifier

from app.database import _config, _connection, migrate
from database.connect import connect
from projections.deploy import deploy

Conn = psycopg.Connection[tuple[Any, ...]]

MIGRATED = "template"
"""The template that has every table and nothing in it."""


@dataclass
class Lasting:
    """A connection for many tests: the one after a test that was cut off inside a statement gets a new one."""

    opening: Callable[[], Conn]
    _opened: Conn | None = field(default=None, init=False)

    def __call__(self) -> Conn:
        """Return the connection, idle."""
        if self._opened is None or self._opened.info.transaction_status != TransactionStatus.IDLE:
            self.close()
            self._opened = self.opening()
        return self._opened

    def close(self) -> None:
        """Close it, whatever it is at."""
        if self._opened is not None:
            self._opened.close()


@dataclass
class Databases:
    """Made as a superuser; the name of every one begins with `run`, and `folder` is that of the session."""

    conninfo: str
    run: str
    folder: Path
    _connection: Lasting = field(init=False)

    def __post_init__(self) -> None:
        self._connection = Lasting(lambda: psycopg.connect(self.conninfo, dbname="postgres", autocommit=True))

    @property
    def conn(self) -> Conn:
        """A superuser's, autocommit."""
        return self._connection()

    def template(self, name: str) -> str:
        """Return the name that the server has for a template."""
        return f"{self.run}_{name}"

    def prepare(self, name: str, fill: Callable[[str], None], *, of: str | None = None) -> None:
        """Make a template and have it filled, given its conninfo, unless another worker of this session has."""
        with (self.folder / "template.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if self.template(name) in self._names():
                return
            draft = f"{self.run}_draft"
            self._execute("drop database if exists {}", draft)
            self._execute("create database {} template {}", draft, self.template(of) if of else "template1")
            fill(make_conninfo(self.conninfo, dbname=draft))
            # nobody may connect to it: a database that is in use cannot be cloned
            self._execute("alter database {} allow_connections false", draft)
            self._execute("alter database {} rename to {}", draft, self.template(name))

    @contextmanager
    def clone(self, of: str = MIGRATED) -> Iterator[str]:
        """The conninfo of a new database like a template, dropped at the end whoever is still connected to it."""
        name = f"{self.run}_{uuid4().hex[:12]}"
        # file_copy takes a tenth of the time of wal_log when fsync is off
        self._execute("create database {} template {} strategy file_copy", name, self.template(of))
        try:
            yield make_conninfo(self.conninfo, dbname=name)
        finally:
            self._execute("drop database {} with (force)", name)

    def drop_all(self) -> None:
        """Drop the templates and what a killed worker left."""
        for name in self._names():
            self._execute("drop database {} with (force)", name)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _names(self) -> list[str]:
        found = self.conn.execute(
            "select datname from pg_database where starts_with(datname, %s)", [f"{self.run}_"]
        )
        return [name for (name,) in found]

    def _execute(self, statement: str, *names: str) -> None:
        self.conn.execute(SQL(statement).format(*map(Identifier, names)))


def migrated(conninfo: str) -> None:
    """Bring a database to where a server begins to serve."""
    migrate(conninfo)
    with connect(conninfo) as conn:
        deploy(conn)


def move_to(conninfo: str, revision: str) -> None:
    """Migrate a database down to a revision, or up to `head`."""
    with _connection(conninfo) as connection:
        config = _config()
        config.attributes["connection"] = connection
        (command.upgrade if revision == "head" else command.downgrade)(config, revision)
        connection.commit()
