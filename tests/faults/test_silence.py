"""Connections that stand but say nothing, one by one."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from database.connect import CHECK_S, pool, session_conninfo
from database.errors import DatabaseUnavailable
from database.pipeline import PROBE_S, Lane, Statement
from tests.faults.proxy import Fault, Proxy

ONE = Statement("select 1")
SLEEP = Statement("select pg_sleep($1::float8)")
SOON_S = 20
"""How long a busy machine may take for what is done at once."""


@asynccontextmanager
async def opened(conninfo: str, *, answer_s: float = 5.0, wait_s: float = SOON_S) -> AsyncIterator[Lane]:
    lane = Lane(session_conninfo(conninfo, idle_in_transaction_s=1.0), answer_s=answer_s, wait_s=wait_s)
    await lane.open()
    try:
        async with asyncio.timeout(SOON_S):
            while not lane.is_up:
                await asyncio.sleep(0.01)
        yield lane
    finally:
        await lane.close()


async def test_a_statement_may_take_as_long_as_is_said_and_no_longer(conninfo: str) -> None:
    async with opened(conninfo, answer_s=1.0) as lane:
        assert await lane.run([(SLEEP, (b"0.9",))]) == [[[b""]]]
        session = lane.session
        with pytest.raises(DatabaseUnavailable):
            await lane.run([(SLEEP, (b"60",))])
        assert await lane.run([(ONE, ())]) == [[[b"1"]]]
        assert lane.session == session + 1


async def test_an_idle_connection_that_is_swallowed_is_replaced_before_anybody_needs_it(
    faulty: str, before_postgres: Proxy
) -> None:
    async with opened(faulty) as lane:
        session = lane.session
        async with before_postgres.suffers(Fault.SWALLOW):
            pass
        async with asyncio.timeout(2 * PROBE_S + 2):
            while lane.session == session:
                await asyncio.sleep(0.05)
        assert await lane.run([(ONE, ())]) == [[[b"1"]]]


async def test_an_idle_connection_that_answers_is_kept(conninfo: str) -> None:
    async with opened(conninfo, answer_s=0.5) as lane:
        session = lane.session
        await asyncio.sleep(2 * PROBE_S + 0.5)
        assert await lane.run([(ONE, ())]) == [[[b"1"]]]
        assert lane.session == session


async def test_who_comes_when_the_server_has_long_been_away_is_told_at_once(
    faulty: str, before_postgres: Proxy
) -> None:
    async with opened(faulty, wait_s=0.5) as lane, before_postgres.suffers(Fault.REFUSE):
        while lane.is_up:
            await asyncio.sleep(0.01)
        waited = []
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(DatabaseUnavailable):
                await lane.run([(ONE, ())])
            waited.append(time.monotonic() - began)
        assert waited[1] < 0.4 < waited[0]


async def test_what_a_silent_server_had_locked_is_free_soon(
    conninfo: str, faulty: str, before_postgres: Proxy
) -> None:
    lock = Statement("select pg_advisory_xact_lock(17)")
    async with opened(faulty) as lane:
        await lane.run([(Statement("begin"), ()), (lock, ())])
        async with before_postgres.suffers(Fault.SWALLOW), opened(conninfo) as other:
            async with asyncio.timeout(4):
                await other.run([(lock, ())])


async def test_connections_of_the_pool_that_are_swallowed_cost_one_wait(
    faulty: str, before_postgres: Proxy
) -> None:
    async with pool(faulty, size=6, wait_s=CHECK_S + 2, statement_timeout_s=5) as connections:

        async def one() -> None:
            async with connections.connection() as conn:
                await conn.execute("select pg_sleep(0.1)")

        await asyncio.gather(*(one() for _ in range(6)))
        async with before_postgres.suffers(Fault.SWALLOW):
            pass
        await one()


async def test_a_statement_of_the_pool_is_not_waited_for_longer_than_it_may_take(
    faulty: str, before_postgres: Proxy
) -> None:
    async with pool(faulty, size=1, statement_timeout_s=1) as connections:
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            async with connections.connection() as conn, before_postgres.suffers(Fault.SWALLOW):
                await conn.execute("select 1")
        assert 1 < time.monotonic() - began < 3
        async with connections.connection() as conn:
            assert await (await conn.execute("select 1")).fetchone() == (1,)


def test_the_kernel_breaks_connections_to_a_machine_that_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = session_conninfo(f"host=127.0.0.1 port={server.getsockname()[1]} dbname=x user=x")
        conn = psycopg.pq.PGconn.connect_start(given.encode())
        try:
            conn.connect_poll()
            with socket.socket(fileno=os.dup(conn.socket)) as raw:
                assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 2
                assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 5000
        finally:
            conn.finish()
