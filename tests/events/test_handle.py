from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from database.errors import DatabaseUnavailable, StatementFailed
from events.append import person_lock
from events.errors import Conflict
from events.facts import UnknownEvent
from events.favorites import MovieFavorited, favorite_movie, unfavorite_movie
from events.handle import Handler
from events.log import COLUMNS, Recorded, recorded
from events.pair import Pair, PairEvent, Priority
from events.ratings import InvalidStars, MovieRated, rate_movie
from events.reactions import MovieReacted
from events.viewing import view_movie
from events.watchlist import add_to_watchlist
from events.window import Command, IdempotencyKeyReused
from tests.events.conftest import OpenHandler
from tests.events.writing import Conn, write_raw

Decides = Callable[[Pair], Sequence[PairEvent]]


def command(
    decide: Decides,
    *,
    user: UUID | None = None,
    movie: UUID | None = None,
    key: str | None = None,
    request: str = "",
) -> Command:
    return Command(
        user_id=user or uuid4(),
        movie_id=movie or uuid4(),
        decide=lambda pair, _: decide(pair),
        idempotency_key=key,
        request=request,
    )


def rates(half_stars: int) -> Decides:
    return lambda pair: rate_movie(pair, half_stars)


def the_log(conn: Conn) -> list[Recorded]:
    return [
        recorded(row) for row in conn.execute(f"select {COLUMNS} from events order by position").fetchall()
    ]


def wait_until_idle(conn: psycopg.Connection[Any]) -> None:
    """Assert that nobody else has a transaction open in this database, or a lock of a person."""
    busy = conn.execute("""
        select state, query from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'""").fetchall()
    assert busy == []
    assert conn.execute("""
        select count(*) from pg_locks l join pg_database d on d.oid = l.database
         where l.locktype = 'advisory' and d.datname = current_database()""").fetchone() == (0,)


async def test_k40_what_is_recorded_is_answered_as_the_log_has_it(
    open_handler: OpenHandler, connection: Conn
) -> None:
    handler = await open_handler()
    user, movie, cause = uuid4(), uuid4(), uuid4()
    await handler.handle(command(lambda pair: add_to_watchlist(pair, Priority.HIGH), user=user, movie=movie))
    rating = command(rates(7), user=user, movie=movie)
    rating.causation_id = cause
    answer = await handler.handle(rating)
    log = the_log(connection)
    assert [event.fact.type for event in log] == [
        "watchlist_item_added",
        "movie_rated",
        "watchlist_item_removed",
    ]
    assert list(answer) == log[1:]
    assert answer[0].correlation_id == answer[1].correlation_id != log[0].correlation_id
    assert [event.causation_id for event in answer] == [cause, answer[0].event_id]


async def test_many_who_wait_share_a_transaction(open_handler: OpenHandler, connection: Conn) -> None:
    handler = await open_handler()
    groups: list[tuple[int, int]] = []
    handler.on_append.append(lambda commands, events: groups.append((commands, events)))
    answers = await asyncio.gather(*(handler.handle(command(rates(n % 10 + 1))) for n in range(500)))
    assert sum(commands for commands, _ in groups) == sum(events for _, events in groups) == 500
    assert len(groups) < 50
    transactions = connection.execute("select count(distinct xid) from events").fetchone()
    assert transactions == (len(groups),)
    assert sorted(the_log(connection), key=lambda e: e.position) == sorted(
        (answer[0] for answer in answers), key=lambda e: e.position
    )


async def test_a_command_that_changes_nothing_leaves_nothing(
    open_handler: OpenHandler, connection: Conn
) -> None:
    handler = await open_handler()
    assert await handler.handle(command(unfavorite_movie)) == []
    assert the_log(connection) == []
    wait_until_idle(connection)


def _buggy(pair: Pair) -> Sequence[PairEvent]:
    raise TypeError("a bug")


def _too_large(pair: Pair) -> Sequence[PairEvent]:
    return [_rated(pair, scale="x" * 10_000 + uuid4().hex * 1000)]


def _unfoldable(pair: Pair) -> Sequence[PairEvent]:
    return [_rated(pair, half_stars=77)]


def _not_json(pair: Pair) -> Sequence[PairEvent]:
    reaction: Any = "LIKE"  # a plain text is no Reaction
    return [MovieReacted(user_id=pair.user_id, movie_id=pair.movie_id, reaction=reaction, previous=None)]


def _rated(pair: Pair, half_stars: int = 7, scale: str | None = None) -> MovieRated:
    return MovieRated(
        user_id=pair.user_id, movie_id=pair.movie_id, half_stars=half_stars, previous=None, scale=scale
    )


@pytest.mark.parametrize(
    ("bad", "key", "failure"),
    [
        (rates(11), None, InvalidStars),
        (_buggy, None, TypeError),
        (_too_large, None, StatementFailed),
        (_unfoldable, None, StatementFailed),
        (_not_json, None, AttributeError),
        (rates(7), "k" * 201, StatementFailed),
        (rates(7), "\ud800", UnicodeEncodeError),
        (rates(7), "nul \0", StatementFailed),
    ],
)
async def test_a_bad_command_fails_alone(
    open_handler: OpenHandler, connection: Conn, bad: Decides, key: str | None, failure: type[Exception]
) -> None:
    handler = await open_handler()
    good = [command(rates(n + 1), key=f"key {n}") for n in range(10)]
    batch = [*good[:5], command(bad, key=key), *good[5:]]
    answers = await asyncio.gather(*(handler.handle(each) for each in batch), return_exceptions=True)
    refused = answers.pop(5)
    assert type(refused) is failure
    assert all(isinstance(answer, Sequence) and len(answer) == 1 for answer in answers)
    assert len(the_log(connection)) == 10
    wait_until_idle(connection)


async def test_whose_history_cannot_be_read_fails_alone(open_handler: OpenHandler, connection: Conn) -> None:
    handler = await open_handler()
    user, movie = uuid4(), uuid4()
    write_raw(connection, "movie_rated", {"half_stars": 3}, user=user, movie=movie, version=99)
    refused, *answers = await asyncio.gather(
        handler.handle(command(rates(7), user=user, movie=movie)),
        *(handler.handle(command(rates(7))) for _ in range(5)),
        return_exceptions=True,
    )
    assert isinstance(refused, UnknownEvent)
    assert all(isinstance(answer, Sequence) and len(answer) == 1 for answer in answers)
    wait_until_idle(connection)


async def test_a_listener_that_fails_does_not_make_it_happen_twice(
    open_handler: OpenHandler, connection: Conn
) -> None:
    handler = await open_handler()

    def fails(commands: int, events: int) -> None:
        raise ZeroDivisionError

    handler.on_append.append(fails)
    answers = await asyncio.gather(
        *(handler.handle(command(view_movie)) for _ in range(5)), return_exceptions=True
    )
    assert [len(answer) for answer in answers if isinstance(answer, Sequence)] == [1] * 5
    assert len(the_log(connection)) == 5


# Concurrency


def _toggle(pair: Pair) -> Sequence[PairEvent]:
    return unfavorite_movie(pair) or favorite_movie(pair)


async def test_two_processes_never_decide_on_the_same_old_state(
    open_handler: OpenHandler, connection: Conn
) -> None:
    one, two = await open_handler(), await open_handler()
    dice = random.Random(5)
    people, movies = [uuid4() for _ in range(3)], [uuid4() for _ in range(2)]
    pairs = list(itertools.product(people, movies))

    async def many(handler: Handler) -> None:
        for _ in range(25):
            user, movie = dice.choice(pairs)
            decide = dice.choice([_toggle, rates(dice.randint(1, 10))])
            await handler.handle(command(decide, user=user, movie=movie))

    await asyncio.gather(*(many(handler) for handler in (one, two) for _ in range(8)))
    states = {pair: Pair(*pair) for pair in pairs}
    log = the_log(connection)
    assert len(log) > 200
    for event in log:
        fact = event.fact
        assert isinstance(fact, PairEvent)
        state = states[fact.user_id, fact.movie_id]
        if isinstance(fact, MovieRated):
            assert fact.previous == state.half_stars
        else:
            assert isinstance(fact, MovieFavorited) is not state.is_favorite
        states[fact.user_id, fact.movie_id] = state.when([fact])


async def test_positions_of_a_person_are_in_the_order_of_the_decisions(
    open_handler: OpenHandler, connection: Conn
) -> None:
    one, two = await open_handler(), await open_handler()
    user, movies = uuid4(), [uuid4() for _ in range(5)]
    decided: list[int] = []

    def decides(number: int) -> Decides:
        def decide(pair: Pair) -> Sequence[PairEvent]:
            decided.append(number)
            return [_rated(pair, scale=str(number))]

        return decide

    numbers = range(200)
    await asyncio.gather(
        *((one, two)[n % 2].handle(command(decides(n), user=user, movie=movies[n % 5])) for n in numbers)
    )
    scales = connection.execute("select (data->>'scale')::integer from events order by position").fetchall()
    assert [scale for (scale,) in scales] == decided
    assert sorted(decided) == list(numbers)


async def test_someone_who_is_locked_for_long_gets_a_conflict_and_nobody_else(
    open_handler: OpenHandler, connection: Conn
) -> None:
    handler = await open_handler(lock_timeout_s=0.1)
    user = uuid4()
    connection.execute("select pg_advisory_lock(%s)", (person_lock(user),))
    locked, other = await asyncio.gather(
        handler.handle(command(rates(7), user=user)),
        handler.handle(command(rates(7))),
        return_exceptions=True,
    )
    assert isinstance(locked, Conflict)
    assert isinstance(other, Sequence)
    assert len(the_log(connection)) == 1
    connection.execute("select pg_advisory_unlock(%s)", (person_lock(user),))
    assert len(await handler.handle(command(rates(7), user=user))) == 1


# Idempotency keys


async def test_a_repeated_command_is_answered_with_the_first_result(
    open_handler: OpenHandler, connection: Conn
) -> None:
    user, movie = uuid4(), uuid4()
    first = command(rates(7), user=user, movie=movie, key="k", request="rate 7")
    answer = await (await open_handler()).handle(first)
    other = await open_handler()
    await other.handle(command(rates(3), user=user, movie=movie))
    again = await other.handle(command(rates(7), user=user, movie=movie, key="k", request="rate 7"))
    assert list(again) == list(answer)
    assert len(the_log(connection)) == 2


async def test_a_repeated_view_is_answered_too(open_handler: OpenHandler, connection: Conn) -> None:
    handler = await open_handler()
    user, movie = uuid4(), uuid4()
    answer = await handler.handle(command(view_movie, user=user, movie=movie, key="k"))
    assert len(answer) == 1
    assert list(await handler.handle(command(view_movie, user=user, movie=movie, key="k"))) == list(answer)
    assert len(the_log(connection)) == 1


async def test_a_key_means_one_request(open_handler: OpenHandler, connection: Conn) -> None:
    handler = await open_handler()
    user, movie = uuid4(), uuid4()
    await handler.handle(command(rates(7), user=user, movie=movie, key="k", request="rate 7"))
    with pytest.raises(IdempotencyKeyReused):
        await handler.handle(command(rates(8), user=user, movie=movie, key="k", request="rate 8"))
    assert len(the_log(connection)) == 1


async def test_a_key_is_one_persons(open_handler: OpenHandler, connection: Conn) -> None:
    handler = await open_handler()
    for stars in (7, 8):
        await handler.handle(command(rates(stars), key="k", request=f"rate {stars}"))
    assert len(the_log(connection)) == 2


async def test_a_key_holds_within_a_group_too(open_handler: OpenHandler, connection: Conn) -> None:
    handler = await open_handler()
    user, movie = uuid4(), uuid4()
    *same, different = await asyncio.gather(
        *(
            handler.handle(command(view_movie, user=user, movie=movie, key="k", request="view"))
            for _ in range(10)
        ),
        handler.handle(command(rates(8), user=user, movie=movie, key="k", request="rate")),
        return_exceptions=True,
    )
    assert same == [the_log(connection)] * 10
    assert isinstance(different, IdempotencyKeyReused)


async def test_a_key_holds_between_processes(open_handler: OpenHandler, connection: Conn) -> None:
    one, two = await open_handler(), await open_handler()
    user, movie = uuid4(), uuid4()
    answers = await asyncio.gather(
        *(
            (one, two)[n % 2].handle(command(view_movie, user=user, movie=movie, key=f"key {n // 4}"))
            for n in range(80)
        )
    )
    assert len(the_log(connection)) == 20
    for n in range(0, 80, 4):
        assert len({answer[0].event_id for answer in answers[n : n + 4]}) == 1


async def test_a_key_remembers_that_nothing_happened(open_handler: OpenHandler, connection: Conn) -> None:
    handler = await open_handler()
    user, movie = uuid4(), uuid4()
    assert await handler.handle(command(unfavorite_movie, user=user, movie=movie, key="k")) == []
    await handler.handle(command(favorite_movie, user=user, movie=movie))
    assert await handler.handle(command(unfavorite_movie, user=user, movie=movie, key="k")) == []
    assert len(the_log(connection)) == 1


async def test_a_refused_command_does_not_use_up_its_key(open_handler: OpenHandler, connection: Conn) -> None:
    handler = await open_handler()
    user, movie = uuid4(), uuid4()
    with pytest.raises(InvalidStars):
        await handler.handle(command(rates(11), user=user, movie=movie, key="k"))
    assert len(await handler.handle(command(rates(10), user=user, movie=movie, key="k"))) == 1


@pytest.mark.parametrize(
    "key", ['quote " and \\ backslash', "{brace,comma}", "ключ 🔑", "null", " ", "'; --"]
)
async def test_a_key_may_hold_any_text(open_handler: OpenHandler, connection: Conn, key: str) -> None:
    handler = await open_handler()
    user, movie = uuid4(), uuid4()
    for _ in range(2):
        await handler.handle(command(view_movie, user=user, movie=movie, key=key, request=key))
    assert len(the_log(connection)) == 1
    assert connection.execute("select key, request from idempotency_keys").fetchall() == [(key, key)]


# Callers who go, connections that break


async def test_callers_who_go_away_do_not_hurt_the_others(
    open_handler: OpenHandler, connection: Conn
) -> None:
    handler = await open_handler()
    tasks = [asyncio.create_task(handler.handle(command(view_movie))) for _ in range(300)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    await handler.drain()
    stayed = [answer for answer in answers if isinstance(answer, Sequence)]
    assert len(stayed) == 200
    kept = {event.event_id for event in the_log(connection)}
    assert {answer[0].event_id for answer in stayed} <= kept
    assert len(kept) <= 300
    wait_until_idle(connection)


async def test_who_goes_away_before_it_is_taken_leaves_nothing(
    open_handler: OpenHandler, connection: Conn
) -> None:
    handler = await open_handler()
    first = asyncio.create_task(handler.handle(command(view_movie)))
    await asyncio.sleep(0)
    late = [asyncio.create_task(handler.handle(command(view_movie))) for _ in range(10)]
    await asyncio.sleep(0)
    for task in late:
        task.cancel()
    await first
    await handler.drain()
    assert len(the_log(connection)) == 1


async def test_a_connection_that_is_cut_loses_nothing_that_was_answered(
    open_handler: OpenHandler, owner_connection: Conn
) -> None:
    handler = await open_handler()
    answered: list[UUID] = []
    failed: list[tuple[UUID, UUID]] = []
    asked: Counter[tuple[UUID, UUID]] = Counter()
    running = True

    async def client() -> None:
        while running:
            pair = uuid4(), uuid4()
            asked[pair] += 1
            try:
                answer = await handler.handle(command(rates(5), user=pair[0], movie=pair[1]))
            except DatabaseUnavailable:
                failed.append(pair)
            else:
                answered.append(answer[0].event_id)

    clients = [asyncio.create_task(client()) for _ in range(16)]
    for _ in range(5):
        before = len(answered)
        async with asyncio.timeout(20):
            while len(answered) < before + 200:
                await asyncio.sleep(0.001)
        await asyncio.to_thread(
            owner_connection.execute,
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
            "and pid <> pg_backend_pid() and query ~ 'commit|rollback|advisory|batch|unnest'",
        )
    running = False
    await asyncio.gather(*clients)
    log = the_log(owner_connection)
    assert failed
    assert set(answered) <= {event.event_id for event in log}
    pairs = Counter((event.fact.user_id, event.fact.movie_id) for event in log)
    assert set(pairs.values()) == {1}
    assert set(pairs) <= set(asked)
    assert len(answered) <= len(log) <= len(answered) + len(failed)
