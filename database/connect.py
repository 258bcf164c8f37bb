"""How each part of the program opens a connection: who it is, and what it never waits longer for."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

import psycopg
from psycopg import AsyncConnection, errors, pq
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from database.watched import WatchedConnection

APP_ROLE = "projectionist_app"
"""Of what works for everybody: followers of the log, jobs, the command line."""
VIEWER_ROLE = "projectionist_viewer"
"""Of what works for people: row-level security holds it to what they may see (database/acting.py)."""
ACCOUNTS_ROLE = "projectionist_accounts"
"""Of what works before anybody is known: it reaches accounts, and nothing that anybody did."""
EXPORTER_ROLE = "projectionist_exporter"
"""Of exports: it reads the rows of the person it acts for, and of nobody else, whatever others show."""
ANSWER_MARGIN_S = 0.25
"""How much longer than a statement may take its answer is waited for."""
CHECK_S = 1.0
"""How long a connection may take to show that it works."""
IDLE_IN_TRANSACTION_S = 2.0
"""A server's transactions only wait for the server: past this PostgreSQL takes it for dead, and frees its locks."""

_NETWORK = {
    "connect_timeout": 2,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
"""In libpq's units, unless the conninfo says otherwise: a connection to a machine that is gone breaks in five seconds."""

RV = TypeVar("RV")


class Pool(Protocol):
    """Connections for the server's ordinary statements."""

    def connection(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]:
        """Give one for the length of a block."""


def session_conninfo(
    conninfo: str,
    *,
    statement_timeout_s: float = 0,
    lock_timeout_s: float = 0,
    idle_in_transaction_s: float = 0,
    plan_cache_mode: str = "auto",
    enable_seqscan: str = "on",
    application: str = "projectionist",
    role: str = APP_ROLE,
) -> str:
    """Return the conninfo of a session that acts as this role, in UTC, with the read tables in reach.

    Timeouts are in seconds; 0 means none.
    """
    settings = {
        "role": role,
        "search_path": "read,public",
        "timezone": "UTC",
        "jit": "off",
        "statement_timeout": int(statement_timeout_s * 1000),
        "lock_timeout": int(lock_timeout_s * 1000),
        "idle_in_transaction_session_timeout": int(idle_in_transaction_s * 1000),
        "plan_cache_mode": plan_cache_mode,
        "enable_seqscan": enable_seqscan,
        # the other end, too, is not to keep the locks of a machine that is gone
        "tcp_keepalives_idle": _NETWORK["keepalives_idle"],
        "tcp_keepalives_interval": _NETWORK["keepalives_interval"],
        "tcp_keepalives_count": _NETWORK["keepalives_count"],
        "tcp_user_timeout": _NETWORK["tcp_user_timeout"],
    }
    given = conninfo_to_dict(conninfo)
    options = f"{given.get('options') or ''} " + " ".join(
        f"-c {name}={value}" for name, value in settings.items()
    )
    network = {name: value for name, value in _NETWORK.items() if not given.get(name)}
    return make_conninfo(conninfo, options=options.strip(), application_name=application, **network)


def connect(conninfo: str, **settings: Any) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection for a job; it commits each statement unless a transaction is opened."""
    conn = WatchedConnection.connect(session_conninfo(conninfo, **settings), autocommit=True)
    conn.conninfo = conninfo
    conn.end_left()
    return conn


class _Connection(AsyncConnection[tuple[Any, ...]]):
    """Breaks when the server does not answer within `answer_s`: a network can break without a word."""

    answer_s: float | None = None
    is_silent = False

    async def wait(self, gen: PQGen[RV], *args: Any, **given: Any) -> RV:
        try:
            return await super().wait(gen, *args, **({"timeout": self.answer_s} | given))
        except errors.OperationalError:
            if self.pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
                self.is_silent = True
                self.pgconn.finish()
            raise


def pool(
    conninfo: str, *, size: int, wait_s: float = 2.0, statement_timeout_s: float = 0, **settings: Any
) -> AsyncConnectionPool:
    """Return an unopened pool for the server's ordinary statements; waiting longer than `wait_s` raises PoolTimeout."""

    async def configure(conn: AsyncConnection) -> None:
        assert isinstance(conn, _Connection)
        conn.answer_s = statement_timeout_s + ANSWER_MARGIN_S if statement_timeout_s else None

    async def check(conn: AsyncConnection) -> None:
        assert isinstance(conn, _Connection)
        patience, conn.answer_s = conn.answer_s, CHECK_S
        try:
            await AsyncConnectionPool.check_connection(conn)
        finally:
            conn.answer_s = patience
            if conn.is_silent:  # so are the others that have been idle: not everybody is to find that out
                await made.drain()

    made: AsyncConnectionPool = AsyncConnectionPool(
        session_conninfo(conninfo, statement_timeout_s=statement_timeout_s, **settings),
        connection_class=_Connection,
        min_size=1,
        max_size=size,
        timeout=wait_s,
        # past this the pool gives up until somebody asks again, instead of trying ever more rarely
        reconnect_timeout=wait_s,
        open=False,
        kwargs={"autocommit": True},
        configure=configure,
        check=check,
    )
    return made
