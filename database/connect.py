"""How each part of the program opens a connection: who it is, and what it never waits longer for."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

APP_ROLE = "projectionist_app"


def session_conninfo(
    conninfo: str,
    *,
    statement_timeout_s: float = 0,
    lock_timeout_s: float = 0,
    plan_cache_mode: str = "auto",
    enable_seqscan: str = "on",
    application: str = "projectionist",
) -> str:
    """Return the conninfo of a session that acts as the application's role, in UTC, with the read tables in reach.

    Timeouts are in seconds; 0 means none.
    """
    settings = {
        "role": APP_ROLE,
        "search_path": "read,public",
        "timezone": "UTC",
        "jit": "off",
        "statement_timeout": int(statement_timeout_s * 1000),
        "lock_timeout": int(lock_timeout_s * 1000),
        "plan_cache_mode": plan_cache_mode,
        "enable_seqscan": enable_seqscan,
    }
    given = conninfo_to_dict(conninfo)
    options = f"{given.get('options') or ''} " + " ".join(
        f"-c {name}={value}" for name, value in settings.items()
    )
    return make_conninfo(
        conninfo,
        options=options.strip(),
        application_name=application,
        connect_timeout=given.get("connect_timeout") or 5,
    )


def connect(conninfo: str, **settings: Any) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection for a job; it commits each statement unless a transaction is opened."""
    return psycopg.connect(session_conninfo(conninfo, **settings), autocommit=True)


def pool(conninfo: str, *, size: int, wait_s: float = 2.0, **settings: Any) -> AsyncConnectionPool:
    """Return an unopened pool for the server's ordinary statements; waiting longer than `wait_s` raises PoolTimeout."""
    return AsyncConnectionPool(
        session_conninfo(conninfo, **settings),
        min_size=1,
        max_size=size,
        timeout=wait_s,
        # past this the pool gives up until somebody asks again, instead of trying ever more rarely
        reconnect_timeout=wait_s,
        open=False,
        kwargs={"autocommit": True},
        check=AsyncConnectionPool.check_connection,
    )
