from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.faults.proxy import Proxy, Reach


@pytest.fixture
async def before_postgres(conninfo: str) -> AsyncIterator[Proxy]:
    """A proxy before the database of the test."""
    given = conninfo_to_dict(conninfo)
    host, port = str(given.get("host") or "localhost"), int(given.get("port") or 5432)
    async with Proxy(_reach(host, port, Path(host) / f".s.PGSQL.{port}")) as proxy:
        yield proxy


@pytest.fixture
def faulty(conninfo: str, before_postgres: Proxy) -> str:
    """The way to the database of the test through the proxy."""
    return make_conninfo(conninfo, host="127.0.0.1", port=before_postgres.port)


@pytest.fixture
async def before_redis(redis_url: str) -> AsyncIterator[Proxy]:
    """A proxy before the Redis of the test."""
    parts = urlsplit(redis_url)
    path = Path(unquote(parts.path)) if parts.scheme == "unix" else Path()
    async with Proxy(_reach(parts.hostname or "", parts.port or 6379, path)) as proxy:
        yield proxy


@pytest.fixture
def faulty_redis(redis_url: str, before_redis: Proxy) -> str:
    """The way to the Redis of the test through the proxy."""
    (number,) = parse_qs(urlsplit(redis_url).query)["db"]
    return f"redis://127.0.0.1:{before_redis.port}?db={number}"


def _reach(host: str, port: int, path: Path) -> Reach:
    if path.is_absolute():
        return lambda: asyncio.open_unix_connection(path)
    return lambda: asyncio.open_connection(host, port)
