"""Bring a database to the newest migration."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine

import migrations

_LOCK_TIMEOUT_S = 600  # how long another process may take to migrate
_SESSION = (
    "set lock_timeout = '5s'; set statement_timeout = '10min'; set idle_in_transaction_session_timeout = 0"
)


def migrate(conninfo: str) -> list[str]:
    """Apply what is pending and return those revisions, oldest first; processes that start together take turns."""
    with _connection(conninfo) as connection:
        connection.exec_driver_sql(_SESSION)
        _take_turn(connection)
        applied = _pending(connection)
        connection.commit()
        if applied:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        return applied


def pending(conninfo: str) -> list[str]:
    """The revisions that `migrate` would apply, oldest first."""
    with _connection(conninfo) as connection:
        return _pending(connection)


@contextmanager
def _connection(conninfo: str) -> Iterator[Connection]:
    # connected here and not by SQLAlchemy, so that a database that is away is psycopg's error for every caller
    with psycopg.connect(conninfo) as opened:
        engine = create_engine("postgresql+psycopg://", creator=lambda: opened, poolclass=NullPool)
        with engine.connect() as connection:
            yield connection


def _take_turn(connection: Connection) -> None:
    """Hold the lock of migrations until the connection closes.

    It is asked for again and again, because a session that waits inside a statement keeps a snapshot, and
    `create index concurrently` of the one who holds the lock would wait for that session in turn.
    """
    deadline = time.monotonic() + _LOCK_TIMEOUT_S
    take = "select pg_try_advisory_lock(hashtextextended('projectionist.migrate', 0))"
    while not connection.exec_driver_sql(take).scalar_one():
        connection.commit()
        if time.monotonic() > deadline:
            raise TimeoutError("Another process has been migrating this database for 10 minutes.")
        time.sleep(0.1)


def _pending(connection: Connection) -> list[str]:
    applied = MigrationContext.configure(connection).get_current_heads()
    scripts = ScriptDirectory.from_config(_config())
    waiting = scripts.iterate_revisions("heads", applied or "base")
    return [script.revision for script in waiting][::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    return config
