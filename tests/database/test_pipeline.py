from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from database.connect import session_conninfo
from database.errors import DatabaseUnavailable, StatementFailed
from database.pipeline import PREPARED, Lane, Statement

Owner = psycopg.Connection[tuple[Any, ...]]
OpenLane = Callable[..., Awaitable[Lane]]

ECHO = Statement("select $1::integer")
DIVIDE = Statement("select 1 / $1::integer")
SLEEP = Statement("select pg_sleep($1::float8)")
BACKEND = Statement("select pg_backend_pid()")

SOON_S = 20
"""How long a busy machine may take for what is done at once."""


@pytest.fixture
async def open_lane(conninfo: str) -> AsyncIterator[OpenLane]:
    async with AsyncExitStack() as stack:

        async def open_one(wait_s: float = SOON_S, statement_timeout_s: float = 0) -> Lane:
            settings = session_conninfo(conninfo, statement_timeout_s=statement_timeout_s)
            lane = Lane(settings, wait_s=wait_s)
            stack.push_async_callback(lane.close)
            await lane.open()
            return lane

        yield open_one


async def number(lane: Lane, value: int) -> int:
    ((row,),) = await lane.run([(ECHO, (b"%d" % value,))])
    assert row[0] is not None
    return int(row[0])


async def backend(lane: Lane) -> int:
    ((row,),) = await lane.run([(BACKEND, ())])
    assert row[0] is not None
    return int(row[0])


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():
            await asyncio.sleep(0.005)


async def another_session(lane: Lane, than: int) -> None:
    await until(lambda: lane.session != than)


async def test_everybody_gets_their_own_answer(open_lane: OpenLane) -> None:
    lane = await open_lane()
    assert await asyncio.gather(*(number(lane, n) for n in range(500))) == list(range(500))


async def test_a_group_answers_each_statement_with_its_rows(open_lane: OpenLane) -> None:
    lane = await open_lane()
    several = Statement("select n, null, 'é' from generate_series(1, $1::integer) n")
    rows = await lane.run([(several, (b"2",)), (ECHO, (b"7",)), (several, (b"0",)), (ECHO, (None,))])
    assert rows == [[[b"1", None, "é".encode()], [b"2", None, "é".encode()]], [[b"7"]], [], [[None]]]


async def test_a_failing_group_fails_alone_and_says_why(open_lane: OpenLane) -> None:
    lane = await open_lane()
    answers = await asyncio.gather(
        *(lane.run([(ECHO, (b"%d" % n,)), (DIVIDE, (b"%d" % (n % 2),))]) for n in range(100)),
        return_exceptions=True,
    )
    for n, answer in enumerate(answers):
        if n % 2:
            assert answer == [[[b"%d" % n]], [[b"1"]]]
        else:
            assert isinstance(answer, StatementFailed)
            assert (answer.sqlstate, answer.kind) == ("22012", errors.DivisionByZero)


async def test_a_group_is_a_transaction_of_its_own(open_lane: OpenLane) -> None:
    lane = await open_lane()
    keep = Statement(
        "insert into idempotency_keys (user_id, key, request, event_ids) values ($1, 'k', '', '{}')"
    )
    user = (b"00000000-0000-0000-0000-000000000017",)
    with pytest.raises(StatementFailed):
        await lane.run([(keep, user), (DIVIDE, (b"0",))])
    assert await lane.run([(Statement("select count(*) from idempotency_keys"), ())]) == [[[b"0"]]]


async def test_what_a_failing_group_was_the_first_to_use_works_for_the_others(open_lane: OpenLane) -> None:
    lane = await open_lane()
    for n in range(20):
        new = Statement(f"select {n} + $1::integer")
        failing = lane.run([(DIVIDE, (b"0",)), (new, (b"1",))])
        others = [lane.run([(new, (b"2",))]) for _ in range(3)]
        failed, *answers = await asyncio.gather(failing, *others, return_exceptions=True)
        assert isinstance(failed, StatementFailed)
        assert failed.sqlstate == "22012"
        assert answers == [[[[b"%d" % (n + 2)]]]] * 3


async def test_a_statement_that_cannot_be_prepared_fails_each_time_and_nobody_else(
    open_lane: OpenLane,
) -> None:
    lane = await open_lane()
    nonsense = Statement("select from nowhere")
    answers = await asyncio.gather(
        *(lane.run([(nonsense, ())]) if n % 2 else number(lane, n) for n in range(10)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [int, StatementFailed] * 5
    with pytest.raises(StatementFailed) as failed:
        await lane.run([(ECHO, (b"1",)), (nonsense, ())])
    assert failed.value.sqlstate == "42P01"
    assert await number(lane, 1) == 1


async def test_statements_that_are_too_many_are_forgotten_and_come_back(open_lane: OpenLane) -> None:
    lane = await open_lane()
    statements = [Statement(f"select {n}") for n in range(PREPARED + 50)]
    for _ in range(2):
        answers = await asyncio.gather(*(lane.run([(statement, ())]) for statement in statements))
        assert answers == [[[[b"%d" % n]]] for n in range(PREPARED + 50)]
    ((row,),) = await lane.run([(Statement("select count(*) from pg_prepared_statements"), ())])
    assert 0 < int(row[0] or 0) <= PREPARED + 1


async def test_a_statement_forgotten_by_a_failing_group_comes_back(open_lane: OpenLane) -> None:
    lane = await open_lane()
    first = Statement("select 'first'")
    await lane.run([(first, ())])
    for n in range(PREPARED - 2):
        await lane.run([(Statement(f"select {n}"), ())])
    await lane.run([(DIVIDE, (b"1",))])
    for n in range(3):
        with pytest.raises(StatementFailed, match="22012"):
            await lane.run([(DIVIDE, (b"0",)), (Statement(f"select {n}"), ())])
    for _ in range(2):
        assert await lane.run([(first, ())]) == [[[b"first"]]]


async def test_a_connection_that_is_cut_fails_who_waits_and_comes_back(
    open_lane: OpenLane, owner_connection: Owner
) -> None:
    lane = await open_lane()
    pid = await backend(lane)
    sleeping = [asyncio.create_task(lane.run([(SLEEP, (b"60",))])) for _ in range(3)]
    running = "select wait_event = 'PgSleep' from pg_stat_activity where pid = %s"
    await until(lambda: owner_connection.execute(running, (pid,)).fetchone() == (True,))
    owner_connection.execute("select pg_terminate_backend(%s)", (pid,))
    for answer in await asyncio.gather(*sleeping, return_exceptions=True):
        assert isinstance(answer, DatabaseUnavailable)
    assert await number(lane, 5) == 5
    assert await backend(lane) != pid


async def test_a_connection_that_is_cut_while_idle_comes_back(
    open_lane: OpenLane, owner_connection: Owner
) -> None:
    lane = await open_lane()
    for _ in range(3):
        pid, session = await backend(lane), lane.session
        owner_connection.execute("select pg_terminate_backend(%s)", (pid,))
        await another_session(lane, session)
        assert await number(lane, 5) == 5


async def test_whoever_waits_for_a_server_that_is_away_is_told_in_time(conninfo: str) -> None:
    lane = Lane(make_conninfo(session_conninfo(conninfo), host="127.0.0.1", port="1"), wait_s=0.2)
    await lane.open()
    started = time.monotonic()
    for answer in await asyncio.gather(*(number(lane, n) for n in range(10)), return_exceptions=True):
        assert isinstance(answer, DatabaseUnavailable)
    assert 0.2 <= time.monotonic() - started < SOON_S
    assert not lane.is_up
    await lane.close()


async def test_a_server_that_does_not_answer_holds_nobody_else_up(conninfo: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        lane = Lane(make_conninfo(session_conninfo(conninfo), host="127.0.0.1", port=port), wait_s=0.2)
        await lane.open()
        started = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            await number(lane, 1)
        assert time.monotonic() - started < 3  # the connection would be given up after 5
        await lane.close()


async def test_whoever_waits_when_it_closes_is_told(open_lane: OpenLane) -> None:
    lane = await open_lane()
    waiting = asyncio.create_task(lane.run([(SLEEP, (b"60",))]))
    await number(await open_lane(), 1)
    await until(lambda: lane.is_up)
    await asyncio.sleep(0)
    await lane.close()
    with pytest.raises(DatabaseUnavailable):
        await waiting


async def test_callers_who_give_up_do_not_hurt_the_others(open_lane: OpenLane) -> None:
    lane = await open_lane()
    await number(lane, 0)
    tasks = [asyncio.create_task(number(lane, n)) for n in range(200)]
    failing = [asyncio.create_task(lane.run([(DIVIDE, (b"0",))])) for _ in range(20)]
    await asyncio.sleep(0)  # they have sent, or stand in the queue
    for task in (*tasks[::3], *failing):
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answer for n, answer in enumerate(answers) if n % 3] == [n for n in range(200) if n % 3]
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::3])
    assert await asyncio.gather(*(number(lane, n) for n in range(50))) == list(range(50))


async def test_answers_and_questions_may_be_huge(open_lane: OpenLane) -> None:
    lane = await open_lane()
    many = Statement("select repeat('x', 1000) from generate_series(1, 10000)")
    measure = Statement("select length($1::text), $1::text")
    text = b"y" * 5_000_000
    answers = await asyncio.gather(
        lane.run([(many, ())]),
        lane.run([(measure, (text,))]),
        number(lane, 3),
        lane.run([(measure, (text,))]),
    )
    assert len(answers[0][0]) == 10_000
    assert answers[1] == answers[3] == [[[b"5000000", text]]]
    assert answers[2] == 3


async def test_a_statement_that_takes_too_long_is_stopped(open_lane: OpenLane) -> None:
    lane = await open_lane(statement_timeout_s=0.1)
    with pytest.raises(StatementFailed) as failed:
        await lane.run([(SLEEP, (b"60",))])
    assert failed.value.kind is errors.QueryCanceled
    assert await number(lane, 1) == 1


async def test_a_value_of_a_wrong_type_leaves_nobody_waiting(open_lane: OpenLane) -> None:
    lane = await open_lane()
    wrong: Any = ("7",)
    new = Statement("select $1::integer + 1")
    with pytest.raises(TypeError):
        await lane.run([(ECHO, (b"1",)), (new, wrong)])
    assert await lane.run([(new, (b"1",))]) == [[[b"2"]]]
    assert await asyncio.gather(*(number(lane, n) for n in range(10))) == list(range(10))


async def test_a_transaction_does_not_go_on_in_another_connection(
    open_lane: OpenLane, owner_connection: Owner
) -> None:
    lane = await open_lane()
    pid, session = await backend(lane), lane.session
    assert await lane.run([(ECHO, (b"1",))], session=session) == [[[b"1"]]]
    owner_connection.execute("select pg_terminate_backend(%s)", (pid,))
    await another_session(lane, session)
    with pytest.raises(DatabaseUnavailable):
        await lane.run([(ECHO, (b"1",))], session=session)
    assert await lane.run([(ECHO, (b"1",))], session=lane.session) == [[[b"1"]]]
