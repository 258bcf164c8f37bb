"""Plans over shared connections: who leaves with whom, and who does not wait for whom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from database.backlog import Overloaded
from database.connect import session_conninfo
from database.errors import DatabaseUnavailable, StatementFailed
from database.pipeline import Lane, Statement
from resolvers import reader as module
from resolvers.reader import Readable, Reader


def dividing(*, together: bool = True) -> Readable:
    """Return a plan whose answer is 60 divided by its value; 0 is at fault."""
    many = "select q.ord, (60 / v::int)::text from unnest($1::text[]) with ordinality q (v, ord)"
    return Readable(
        one=Statement("select (60 / $1::int)::text"),
        many=Statement(many) if together else None,
    )


def sleeping(seconds: float) -> Readable:
    """Return a plan that takes its time."""
    return Readable(Statement(f"select pg_sleep({seconds})::text || 'x'"), None)


Lanes = Callable[..., Awaitable[Lane]]


@pytest.fixture
async def lanes(conninfo: str) -> AsyncIterator[Lanes]:
    """Opens connections, each with a time for its statements."""
    async with AsyncExitStack() as stack:

        async def open_one(statement_timeout_s: float = 0) -> Lane:
            lane = Lane(session_conninfo(conninfo, statement_timeout_s=statement_timeout_s), wait_s=10)
            stack.push_async_callback(lane.close)
            await lane.open()
            return lane

        yield open_one


@pytest.fixture
async def reader(lanes: Lanes) -> Reader:
    return Reader([await lanes()], [await lanes()], in_flight=1)


@pytest.fixture
def sizes(reader: Reader) -> list[int]:
    """How many requests each statement answered."""
    found: list[int] = []
    reader.on_batch.append(lambda requests, _: found.append(requests))
    return found


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_S", 30.0)  # a busy machine is no fault of a plan


async def ask(reader: Reader, plan: Readable, *values: int | None) -> list[Any]:
    """Ask for several values at once."""
    bound = [[None if value is None else b"%d" % value] for value in values]
    return await asyncio.gather(*(reader.read(plan, value) for value in bound), return_exceptions=True)


async def test_who_waits_together_leaves_together(reader: Reader, sizes: list[int]) -> None:
    assert await ask(reader, dividing(), *range(1, 11)) == [b"%d" % (60 // n) for n in range(1, 11)]
    assert sizes == [1, 9]


async def test_a_batch_is_bounded(reader: Reader, sizes: list[int]) -> None:
    values = [1 + n % 60 for n in range(3 * module.MOST)]
    assert await ask(reader, dividing(), *values) == [b"%d" % (60 // n) for n in values]
    assert max(sizes) == module.MOST


async def test_a_plan_without_a_form_for_many_goes_one_by_one(reader: Reader, sizes: list[int]) -> None:
    assert await ask(reader, dividing(together=False), 1, 2, 3, 4) == [b"60", b"30", b"20", b"15"]
    assert sizes == [1, 1, 1, 1]


async def test_of_a_batch_only_the_request_at_fault_fails(reader: Reader) -> None:
    answers = await ask(reader, dividing(), 1, 2, 0, 3, 0, 4)
    assert [type(answer) for answer in answers] == [
        bytes,
        bytes,
        StatementFailed,
        bytes,
        StatementFailed,
        bytes,
    ]
    assert [answer for answer in answers if isinstance(answer, bytes)] == [b"60", b"30", b"20", b"15"]


async def test_no_value_is_null(reader: Reader) -> None:
    assert await ask(reader, dividing(), None, None, 6) == [b"null", b"null", b"10"]


async def test_a_plan_known_to_be_slow_does_not_hold_the_others_back(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLOW_S", 0.02)
    slow = sleeping(0.5)
    slow.seconds = 1.0
    waiting = asyncio.create_task(reader.read(slow, []))
    await asyncio.sleep(0)
    assert await ask(reader, dividing(), 1, 2) == [b"60", b"30"]
    assert not waiting.done()
    assert await waiting == b"x"


async def test_a_plan_that_was_slow_once_may_be_quick_again(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = dividing()
    plan.seconds = 1.0
    for _ in range(100):
        await reader.read(plan, [b"1"])
    assert plan.seconds < 0.5


async def test_who_gave_up_is_not_asked_for(reader: Reader, sizes: list[int]) -> None:
    plan = dividing()
    blocking = asyncio.create_task(reader.read(sleeping(0.2), []))
    await asyncio.sleep(0)
    tasks = [asyncio.create_task(reader.read(plan, [b"%d" % n])) for n in range(1, 7)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[1::2] == [b"30", b"15", b"10"]
    await blocking


async def test_everybody_is_told_when_the_database_is_away(conninfo: str) -> None:
    lane = Lane("host=127.0.0.1 port=1", wait_s=0.2)
    await lane.open()
    away = Reader([lane], [lane], in_flight=1)
    answers = await ask(away, dividing(), *range(1, 20))
    assert all(isinstance(answer, DatabaseUnavailable) for answer in answers)
    await lane.close()


async def test_every_statement_is_counted_with_its_time(reader: Reader) -> None:
    told: list[tuple[int, float]] = []
    tell: Callable[[int, float], None] = lambda requests, seconds: told.append((requests, seconds))  # noqa: E731
    reader.on_batch.append(tell)
    await ask(reader, dividing(), 1, 2, 3)
    assert [requests for requests, _ in told] == [1, 2]
    assert all(0 < seconds < 30 for _, seconds in told)


async def test_a_load_beyond_capacity_is_refused_at_once_and_what_is_taken_stays_quick(lanes: Lanes) -> None:
    quick, slow = await lanes(), await lanes()
    reader = Reader([quick], [slow], in_flight=1, most_wait_s=0.5)
    plan = sleeping(0.05)  # 20 a second, and five times as many come
    taken: list[float] = []
    refused: list[float] = []

    async def one() -> None:
        started = time.perf_counter()
        try:
            await reader.read(plan, [])
            taken.append(time.perf_counter() - started)
        except Overloaded:
            refused.append(time.perf_counter() - started)

    tasks = []
    for _ in range(200):
        tasks.append(asyncio.create_task(one()))
        await asyncio.sleep(0.01)
    await asyncio.gather(*tasks)
    assert len(taken) > 20
    assert len(refused) > 50
    assert max(taken) < 3  # all of them would have taken ten seconds
    assert sorted(refused)[len(refused) // 2] < 0.01
    assert await reader.read(plan, []) == b"x"


async def test_what_must_be_told_is_never_refused(lanes: Lanes) -> None:
    reader = Reader([await lanes()], [await lanes()], in_flight=1, most_wait_s=0.000_001)
    plan = sleeping(0.01)
    await reader.read(plan, [])
    reads = [reader.read(plan, [], may_refuse=n % 2 == 0) for n in range(8)]
    answers = await asyncio.gather(*reads, return_exceptions=True)
    assert answers[1::2] == [b"x"] * 4
    assert Overloaded in {type(answer) for answer in answers[::2]}


async def test_a_statement_that_keeps_a_quick_lane_begins_again_on_a_slow_one_and_the_others_go_on(
    lanes: Lanes,
) -> None:
    sleeps = "case when {v}::text::int = 0 then pg_sleep(1.5) end::text || 'x' || {v}"
    one, many = sleeps.format(v="$1"), sleeps.format(v="q.v")
    plan = Readable(
        one=Statement(f"select coalesce({one}, $1)"),
        many=Statement(
            f"select q.ord, coalesce({many}, q.v) from unnest($1::text[]) with ordinality q (v, ord)"
        ),
    )
    reader = Reader([await lanes(0.3)], [await lanes(5), await lanes(5)], in_flight=2)
    order: list[int] = []

    async def read(number: int) -> bytes:
        answer = await reader.read(plan, [b"%d" % number])
        order.append(number)
        return answer

    assert await asyncio.gather(*(read(n) for n in (1, 2, 0, 3, 4))) == [b"1", b"2", b"x0", b"3", b"4"]
    assert order[-1] == 0
    assert plan.seconds > module.QUICK_S / 2  # the next ones know their way


async def test_a_statement_that_is_too_slow_for_a_slow_lane_fails_alone(lanes: Lanes) -> None:
    reader = Reader([await lanes(0.2)], [await lanes(0.4)], in_flight=2)
    slow, others = await asyncio.gather(
        asyncio.gather(reader.read(sleeping(30), []), return_exceptions=True),
        ask(reader, dividing(), 1, 2, 3),
    )
    assert isinstance(slow[0], StatementFailed)
    assert slow[0].sqlstate == "57014"
    assert others == [b"60", b"30", b"20"]
