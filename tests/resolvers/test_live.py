"""The tail of the log: everybody's own events in order, whoever is slow, whatever breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from database.connect import connect, session_conninfo
from database.pipeline import Lane
from events.slates import Algorithm, serve_slate
from events.viewing import MovieViewed
from projections.registry import fold_window, projections
from resolvers import live as module
from resolvers.live import Live, TooFarBehind
from tests.events.writing import write

ALICE, BOB = uuid4(), uuid4()
Write = Callable[..., list[int]]


@pytest.fixture
async def live(conninfo: str) -> AsyncIterator[Live]:
    lane = Lane(session_conninfo(conninfo), wait_s=10)
    await lane.open()
    tail = Live(lane, poll_s=0.01)
    yield tail
    await tail.close()
    await lane.close()


@pytest.fixture
def act(conninfo: str) -> Any:
    """Appends views of people, folded as the handler does, and gives their positions."""
    with connect(conninfo) as conn:

        def views(user: Any, count: int = 1) -> list[int]:
            with conn.transaction():
                positions = write(conn, *(MovieViewed(user_id=user, movie_id=uuid4()) for _ in range(count)))
                window = f"select * from events where position >= {positions[0]}"
                conn.execute(fold_window(projections()["history"], window))
            return positions

        yield views


async def take(stream: Any, count: int) -> list[int]:
    """Return the positions of the next events."""
    found = []
    async with asyncio.timeout(20):
        for _ in range(count):
            found.append(int((await anext(stream))["position"]))
    return found


async def test_a_person_gets_what_was_and_what_comes(live: Live, act: Write) -> None:
    before = act(ALICE, 5)
    act(BOB, 3)
    async with aclosing(live.interactions(ALICE, before[1])) as stream:
        assert await take(stream, 3) == before[2:]
        expected = act(ALICE)
        act(BOB)
        expected += act(ALICE, 2)
        assert await take(stream, 3) == expected


async def test_what_a_person_was_shown_is_no_action_of_theirs(live: Live, act: Write, conninfo: str) -> None:
    shown = serve_slate(
        user_id=ALICE,
        slate_id=uuid4(),
        algorithm=Algorithm.BLEND,
        model_id=None,
        movies=[(uuid4(), 1.0, 1.0)],
    )
    first = act(ALICE)
    async with aclosing(live.interactions(ALICE, 0)) as stream:
        assert await take(stream, 1) == first
        with connect(conninfo) as conn:
            write(conn, *shown)
        after = act(ALICE)
        assert await take(stream, 1) == after


async def test_more_than_a_page_of_what_was_comes_in_order(live: Live, act: Write) -> None:
    before = act(ALICE, 2_100)
    async with aclosing(live.interactions(ALICE, 0)) as stream:
        assert await take(stream, 2_100) == before


async def test_whoever_is_too_slow_is_told_and_goes_on_without_a_gap(
    live: Live, act: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING", 10)
    (first,) = act(ALICE)
    slow, other = live.interactions(ALICE, first), live.interactions(BOB, first)
    async with aclosing(slow), aclosing(other):
        waiting = [asyncio.create_task(take(stream, 1)) for stream in (slow, other)]
        while not (live._tail and live._started.is_set()):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # what was has been read: both wait for what comes
        (second,), theirs = act(ALICE), act(BOB)
        assert await asyncio.gather(*waiting) == [[second], theirs]
        missed = [position for _ in range(5) for position in act(ALICE, 5)]
        theirs = act(BOB)
        assert await take(other, 1) == theirs  # by now the tail has told everybody everything
        with pytest.raises(TooFarBehind):
            await take(slow, len(missed))
    async with aclosing(live.interactions(ALICE, second)) as again:
        assert await take(again, len(missed)) == missed


async def test_a_cut_connection_costs_nothing(
    live: Live, act: Write, owner_connection: psycopg.Connection[Any]
) -> None:
    (first,) = act(ALICE)
    async with aclosing(live.interactions(ALICE, first)) as stream:
        for _ in range(3):
            owner_connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and application_name = 'projectionist' and pid <> pg_backend_pid() and query like '%pg_current_snapshot%'"
            )
            expected = act(ALICE, 2)
            assert await take(stream, 2) == expected


async def test_a_transaction_that_commits_late_is_not_lost(live: Live, conninfo: str) -> None:
    with psycopg.connect(session_conninfo(conninfo)) as late, connect(conninfo) as conn:
        (held,) = write(late, MovieViewed(user_id=ALICE, movie_id=uuid4()))
        async with (
            aclosing(live.interactions(BOB, 0)) as others,
            aclosing(live.interactions(ALICE, None)) as own,
        ):
            waiting = asyncio.create_task(take(own, 1))
            told = asyncio.create_task(take(others, 1))
            await asyncio.sleep(0.1)
            (theirs,) = write(conn, MovieViewed(user_id=BOB, movie_id=uuid4()))
            assert theirs > held
            assert await told == [theirs]
            assert not waiting.done()
            late.commit()
            assert await waiting == [held]


async def test_nobody_tails_when_nobody_listens(live: Live, act: Write) -> None:
    for _ in range(3):
        async with aclosing(live.interactions(ALICE, 0)) as stream:
            expected = act(ALICE)
            assert (await take(stream, 1))[0] <= expected[0]
            assert live._tail is not None
        async with asyncio.timeout(5):
            while not live._tail.done():
                await asyncio.sleep(0.01)
        assert not live._listeners
