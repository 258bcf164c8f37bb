from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from database.connect import connect
from events.safe_position import LogBusy, safe_position
from events.seals import Checked, newest, seal, verify
from tests.events.writing import Conn, positions, views, write


def last(conn: Conn) -> Checked:
    return list(verify(conn))[-1]


@pytest.fixture
def sealed(connection: Conn) -> Conn:
    """Ten events under seals of four each: (0, 4], (4, 8], (8, 10]."""
    write(connection, *views(10))
    assert seal(connection, batch=4) == 10
    return connection


@pytest.fixture
def intruder(owner_connection: Conn) -> Conn:
    """A superuser who has broken the glass and taken the guards off."""
    owner_connection.execute("set projectionist.break_glass = 'on'")
    for table in ("events", "events_p0", "seals"):
        owner_connection.execute(f"alter table {table} disable trigger append_only")
    return owner_connection


def test_an_empty_log_has_nothing_to_seal(connection: Conn) -> None:
    assert seal(connection) == 0
    assert list(verify(connection)) == [Checked(0, 0, None)]
    assert newest(connection) is None


def test_what_is_sealed_is_found_whole(sealed: Conn) -> None:
    assert last(sealed) == Checked(3, 10, None)
    seals = "select number, low, high, events from seals order by number"
    assert sealed.execute(seals).fetchall() == [(1, 0, 4, 4), (2, 4, 8, 4), (3, 8, 10, 2)]
    assert seal(sealed) == 0


def test_the_chain_goes_on_where_it_ended(sealed: Conn) -> None:
    before = newest(sealed)
    write(sealed, *views(3))
    assert last(sealed) == Checked(3, 10, None)
    assert seal(sealed) == 3
    assert last(sealed) == Checked(4, 13, None)
    after = newest(sealed)
    assert before is not None
    assert after is not None
    assert (before[:2], after[:2]) == ((3, 10), (4, 13))
    assert before[2] != after[2]


def test_a_verification_says_how_far_it_came(connection: Conn) -> None:
    write(connection, *views(205))
    seal(connection, batch=2)
    assert list(verify(connection)) == [Checked(100, 200, None), Checked(103, 205, None)]


def test_holes_are_sealed_over(connection: Conn, writers: Callable[[], Conn]) -> None:
    write(connection, *views(2))
    writer = writers()
    write(writer, *views(3))
    writer.rollback()
    write(connection, *views(2))
    assert seal(connection) == 4
    assert positions(connection) == [1, 2, 6, 7]
    assert last(connection) == Checked(1, 4, None)


COPY = """
insert into events (position, event_id, type, correlation_id)
values (%s, gen_random_uuid(), 'movie_viewed', gen_random_uuid())"""


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (
            "update events set data = '{\"half_stars\": 10}' where position = 6",
            "position 6 is not what was recorded",
        ),
        (
            "update events set user_id = gen_random_uuid() where position = 1",
            "position 1 is not what was recorded",
        ),
        (
            "update events set occurred_at = occurred_at + interval '1us' where position = 10",
            "position 10 is not",
        ),
        ("update events set recorded_at = now() where position = 5", "position 5 is not what was recorded"),
        ("update events set secret = 'x' where position = 4", "position 4 is not what was recorded"),
        (
            "update events set causation_id = event_id where position = 4",
            "position 4 is not what was recorded",
        ),
        ("update events set type = 'x' where position in (7, 2, 9)", "position 2 is not what was recorded"),
        ("delete from events where position = 6", "after position 5 is missing"),
        ("delete from events where position = 1", "after position 0 is missing"),
        ("delete from events where position = 5", "after position 4 is missing"),
        ("delete from events where position = 8", "after position 7 is missing"),
        ("delete from events where position in (6, 7)", "after position 5 is missing"),
        ("delete from events where position > 8", "after position 8 is missing"),
        ("delete from events", "after position 0 is missing"),
    ],
)
def test_tampering_is_found_and_the_first_event_named(
    sealed: Conn, intruder: Conn, tampering: str, found: str
) -> None:
    assert intruder.execute(tampering).rowcount > 0
    broken = last(sealed).broken
    assert broken is not None
    assert found in broken


@pytest.mark.parametrize("hole", [3, 5, 8])
def test_an_event_put_into_a_hole_is_found(
    connection: Conn, intruder: Conn, writers: Callable[[], Conn], hole: int
) -> None:
    for _ in range(4):
        write(connection, *views(1))
        skipped = writers()
        write(skipped, *views(1))
        skipped.rollback()
    write(connection, *views(1))
    assert seal(connection, batch=2) == 5
    assert positions(connection) == [1, 3, 5, 7, 9]
    put = hole if hole % 2 == 0 else hole - 1
    intruder.execute(COPY, (put,))
    assert f"position {put} was added" in str(last(connection).broken)


def test_an_event_behind_the_seals_is_found_when_it_is_put_before_their_end(
    sealed: Conn, intruder: Conn
) -> None:
    intruder.execute("delete from events where position = 10")
    intruder.execute(COPY, (10,))
    assert "position 10 is not what was recorded" in str(last(sealed).broken)


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("delete from seals where number = 2", "seal 2 is missing"),
        ("delete from seals where number = 1", "seal 1 is missing"),
        ("update seals set root = 'x' where number = 2", "seal 2 itself was changed"),
        ("update seals set events = 5 where number = 2", "seal 2 itself was changed"),
        ("update seals set previous = 'x' where number = 3", "seal 3 is missing or does not continue"),
        ("update seals set low = 9 where number = 3", "seal 3 is missing or does not continue"),
        ("update seals set high = 9 where number = 2", "added"),
        ("update seals set high = 7 where number = 2", "missing"),
    ],
)
def test_a_broken_chain_is_found(sealed: Conn, intruder: Conn, tampering: str, found: str) -> None:
    assert intruder.execute(tampering).rowcount == 1
    assert found in str(last(sealed).broken)


def test_nothing_can_be_hidden_between_two_seals(
    connection: Conn, intruder: Conn, writers: Callable[[], Conn]
) -> None:
    write(connection, *views(2))
    skipped = writers()
    write(skipped, *views(1))
    skipped.rollback()
    write(connection, *views(2))
    assert seal(connection, batch=2) == 4
    assert positions(connection) == [1, 2, 4, 5]
    intruder.execute("update seals set low = 3 where number = 2")
    intruder.execute(COPY, (3,))
    assert "seal 2" in str(last(connection).broken)


def test_whoever_changes_an_event_and_its_seal_still_breaks_the_chain(sealed: Conn, intruder: Conn) -> None:
    kept = newest(sealed)
    intruder.execute("update events set type = 'x' where position = 2")
    intruder.execute("delete from seals")
    seal(sealed, batch=4)
    assert last(sealed) == Checked(3, 10, None)
    assert newest(sealed) != kept  # which is why the newest root is kept off the machine


def test_what_is_not_settled_is_not_sealed(connection: Conn, writers: Callable[[], Conn]) -> None:
    writer = writers()
    write(writer, *views(1))
    write(connection, *views(1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("events.seals.safe_position", partial(safe_position, wait_s=0))
        with pytest.raises(LogBusy):
            seal(connection)
    writer.commit()
    assert seal(connection) == 2


def test_sealers_and_writers_may_be_many(conninfo: str, connection: Conn) -> None:
    stop = threading.Event()

    def write_some(_: int) -> None:
        with connect(conninfo) as conn:
            for _ in range(150):
                write(conn, *views(1))

    def seal_on() -> int:
        sealed = 0
        with connect(conninfo) as conn:
            while not stop.is_set():
                sealed += seal(conn, batch=10)
        return sealed

    with ThreadPoolExecutor(8) as threads:
        sealing = [threads.submit(seal_on) for _ in range(3)]
        try:
            list(threads.map(write_some, range(4)))
        finally:
            stop.set()
        sealed = sum(each.result() for each in sealing)
    assert sealed + seal(connection) == 600
    checked = last(connection)
    assert (checked.events, checked.broken) == (600, None)
