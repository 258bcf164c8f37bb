"""How activity gets into the database: each once at most, and joined to one person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from accounts.visitors import Visitor, Visitors
from database.connect import pool
from database.ids import uuid7
from events import queued
from events.activity import Action, Activity, Details, network, printable
from events.log import Source
from projections.follow import catch_up
from resolvers import telemetry
from resolvers.telemetry import Telemetry, write
from tests.catalogue import fill, movie, person
from tests.events.writing import Conn
from tests.waiting import SOON_S


@pytest.fixture
async def connections(conninfo: str, connection: Conn) -> AsyncIterator[AsyncConnectionPool]:
    fill(connection)
    async with pool(conninfo, size=6, wait_s=20) as opened:
        yield opened


@pytest.fixture
async def taking(connections: AsyncConnectionPool) -> AsyncIterator[Telemetry]:
    visitors = Visitors({"1": "x" * 32}, ttl=timedelta(days=1))
    made = Telemetry(connections, visitors, keeps_addresses=True, keeps_details=True)
    yield made
    await made.queue.close()


def viewed(session_id: UUID, *, film: str = "alien", user: UUID | None = None) -> Activity:
    return Activity(
        id=uuid7(),
        occurred_at=datetime.now(UTC),
        action=Action.MOVIE_VIEW,
        session_id=session_id,
        user_id=user,
        movie_id=movie(film),
        source=Source.WEB,
        details=Details(phrase='é "quoted" \\ 🎬'),
    )


def one(conn: Conn, query: str) -> object:
    (found,) = conn.execute(query).fetchone() or (None,)
    return found


ROWS = "select count(*) from activity.actions"
COUNTED = "select coalesce(sum((data->>'views')::int), 0) from events where type = 'movie_viewed_by_visitors'"


async def test_k45_views_of_a_group_are_one_fact_a_movie(
    connections: AsyncConnectionPool, connection: Conn
) -> None:
    group = [viewed(uuid4()) for _ in range(5)] + [viewed(uuid4(), film="heat")] * 1
    async with connections.connection() as conn:
        await write(conn, [*group, replace(viewed(uuid4(), user=person("bob")), id=uuid7())])
    rows = connection.execute(
        "select movie_id, data->>'views' from events where type = 'movie_viewed_by_visitors'"
    ).fetchall()
    assert sorted(rows) == sorted([(movie("alien"), "5"), (movie("heat"), "1")])
    assert one(connection, ROWS) == 7
    catch_up(connection)
    daily = "select sum(visitor_view_count)::int from popularity_metrics"
    assert one(connection, daily) == 6


async def test_a_connection_that_breaks_doubles_nothing_and_rows_and_log_agree(
    taking: Telemetry, connection: Conn, owner_connection: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queued, "AWAY_S", 0.01)
    added = 0
    for _ in range(10):
        taking.queue.add([viewed(uuid4()) for _ in range(50)])
        added += 50
        await asyncio.sleep(0.03)
        owner_connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid not in (pg_backend_pid(), %s)",
            [connection.info.backend_pid],
        )
    taking.queue.add([viewed(uuid4())])
    async with asyncio.timeout(SOON_S):
        while one(connection, ROWS) + taking.queue.lost != added + 1:  # type: ignore[operator]
            await asyncio.sleep(0.02)
    assert one(connection, ROWS) == one(connection, COUNTED)
    assert taking.queue.lost < added


async def test_what_is_about_somebody_or_something_that_is_gone_is_kept_without(
    connections: AsyncConnectionPool, connection: Conn
) -> None:
    group = [viewed(uuid4(), user=uuid4()), viewed(uuid4(), film="never made", user=person("bob"))]
    async with connections.connection() as conn:
        await write(conn, group)
    rows = connection.execute("select user_id, movie_id from activity.actions order by id").fetchall()
    assert rows == [(None, movie("alien")), (person("bob"), None)]


async def test_k80_sign_ins_and_actions_at_the_same_moment_lose_nothing(
    taking: Telemetry, connections: AsyncConnectionPool, connection: Conn
) -> None:
    """Of every action that came before the sign-in, whichever process writes it when, all are joined."""
    sessions = [uuid4() for _ in range(12)]

    async def acts(session_id: UUID) -> None:
        async with connections.connection() as conn:
            await write(conn, [viewed(session_id), viewed(session_id)])

    async def enters(session_id: UUID) -> None:
        await taking.identify(Visitor(session_id, ""), person("bob"))

    told = datetime.now(UTC)
    assert told
    await asyncio.gather(*(work(s) for s in sessions for work in (acts, enters, acts)))
    late = connection.execute(
        "select count(*) from activity.actions a join identified_sessions s using (session_id)"
        " where a.occurred_at <= s.identified_at and a.user_id is null"
    ).fetchone()
    assert late == (0,)
    assert one(connection, "select count(*) from identified_sessions") == 12
    assert one(connection, ROWS) == 48


async def test_k80_of_two_people_who_sign_in_at_once_with_one_token_one_gets_it(
    taking: Telemetry, connection: Conn
) -> None:
    session = Visitor(uuid4(), "")
    await asyncio.gather(*(taking.identify(session, person(name)) for name in ("alice", "bob", "carol")))
    assert one(connection, "select count(*) from events where type = 'session_identified'") == 1


async def test_a_very_long_visit_is_joined_up_to_the_limit(
    taking: Telemetry,
    connections: AsyncConnectionPool,
    connection: Conn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telemetry, "JOINED_MOST", 3)
    session = uuid4()
    group = [viewed(session) for _ in range(4)]
    async with connections.connection() as conn:
        await write(conn, group)
    await taking.identify(Visitor(session, ""), person("bob"))
    rows = connection.execute("select id from activity.actions where user_id is not null order by id")
    assert [id_ for (id_,) in rows] == [action.id for action in group[1:]]
    details = "select count(*) from activity.details where user_id is not null"
    assert one(connection, details) == 3


async def test_nobody_is_kept_out_because_a_visit_cannot_be_joined(
    taking: Telemetry, owner_connection: psycopg.Connection[object], caplog: pytest.LogCaptureFixture
) -> None:
    owner_connection.execute("drop table read.identified_sessions")
    await taking.identify(Visitor(uuid4(), ""), person("bob"))
    assert [record.message for record in caplog.records] == ["a visitor is not joined to the person"]


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("unknown", None),
        ("", None),
    ],
)
def test_c14_an_address_is_kept_as_its_network(address: str, kept: str | None) -> None:
    assert network(address) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        ("", None),
        (" \t\x00\u200b\x7f", None),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("abcdef", "abcd"),
        ("abc  def", "abc"),
    ],
)
def test_texts_are_cut_and_what_cannot_be_seen_is_left_out(given: str | None, kept: str | None) -> None:
    assert printable(given, 6 if given and "[" in given else 4) == kept
