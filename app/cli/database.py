"""The database of a command: that of DATABASE_URL, else the embedded one for as long as the command runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from app.cli.errors import NOT_MIGRATED, Refused
from app.embedded import start_postgres
from app.settings import Settings
from database.connect import connect

Conn = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def database(settings: Settings | None = None) -> Iterator[str]:
    """Give the conninfo; an embedded server that this command started is stopped again."""
    settings = settings or Settings()
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = start_postgres(settings.data_dir)
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def connected() -> Iterator[Conn]:
    """Give a connection that acts as the application does, autocommit."""
    with database() as conninfo, session(conninfo) as conn:
        yield conn


def session(conninfo: str) -> Conn:
    """Open a connection that acts as the application does. Raises Refused where its role is not there yet."""
    try:
        return connect(conninfo, application="projectionist cli")
    except psycopg.OperationalError:
        psycopg.connect(conninfo).close()  # says what is wrong where the server itself is away
        raise Refused(NOT_MIGRATED) from None
