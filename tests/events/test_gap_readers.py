"""Readers of a log whose positions commit out of order: which of them lose nothing, and which ones only seem to."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from database.connect import connect, session_conninfo
from events.log import TICK
from events.safe_position import LogBusy, safe_position
from tests.events.writing import Conn, positions, views, write
from tests.waiting import SOON_S, until

Open = Callable[[], Conn]


class Reader:
    """Follows the log in its own way, one `poll` after the other; `seen` is all it has read."""

    def __init__(self, conn: Conn) -> None:
        self.conn = conn
        self.seen: Counter[int] = Counter()
        self.last = 0

    def poll(self) -> list[int]:
        """Read what it takes to be new."""
        with self.conn.transaction():
            self.conn.execute("set transaction isolation level repeatable read")
            new = self.new()
        self.seen.update(new)
        self.last = max([self.last, *new])
        return new

    def new(self) -> list[int]:
        raise NotImplementedError

    def select(self, sql: str, **values: object) -> list[int]:
        return [row[0] for row in self.conn.execute(sql, values).fetchall()]


class ByPosition(Reader):
    """What everybody writes first."""

    def new(self) -> list[int]:
        return self.select(
            "select position from events where position > %(last)s order by position", last=self.last
        )


class ByPositionBelowXmin(Reader):
    """Waits for transactions that are older, but not for positions that are."""

    def new(self) -> list[int]:
        return self.select(
            "select position from events where position > %(last)s"
            " and xid < pg_snapshot_xmin(pg_current_snapshot()) order by position",
            last=self.last,
        )


class ByTick(Reader):
    """Our followers' window."""

    def __init__(self, conn: Conn) -> None:
        super().__init__(conn)
        self.snapshot = self._now()

    def _now(self) -> str:
        row = self.conn.execute("select pg_current_snapshot()::text").fetchone()
        assert row is not None
        return str(row[0])

    def new(self) -> list[int]:
        old, self.snapshot = self.snapshot, self._now()
        return self.select(f"select position from ({TICK}) t", old=old, new=self.snapshot, settled=0)


class BySafePosition(Reader):
    """What exports do: one stable order, up to where nothing will appear any more."""

    def poll(self, wait_s: float = 0) -> list[int]:
        try:
            safe = safe_position(self.conn, wait_s=wait_s)
        except LogBusy:
            return []
        new = self.select(
            "select position from events where position > %(last)s and position <= %(safe)s",
            last=self.last,
            safe=safe,
        )
        self.seen.update(new)
        self.last = safe
        return new


@pytest.fixture
def reader(conninfo: str) -> Iterator[Callable[[type[Reader]], Reader]]:
    conns: list[Conn] = []

    def open_one(kind: type[Reader]) -> Reader:
        conns.append(connect(conninfo))
        return kind(conns[-1])

    yield open_one
    for conn in conns:
        conn.close()


OpenReader = Callable[[type[Reader]], Reader]


Meanwhile = Callable[[], object]


def commit_out_of_order(writers: Open, meanwhile: Meanwhile) -> list[int]:
    """An event commits before one of a smaller position does; return both positions."""
    slow, fast = writers(), writers()
    (below,) = write(slow, *views(1))
    (above,) = write(fast, *views(1))
    fast.commit()
    meanwhile()
    slow.commit()
    return [below, above]


def commit_out_of_order_of_ids(writers: Open, meanwhile: Meanwhile) -> list[int]:
    """As before, but the event of the smaller position has the younger transaction."""
    old, young = writers(), writers()
    old.execute("select pg_current_xact_id()")
    (below,) = write(young, *views(1))
    (above,) = write(old, *views(1))
    old.commit()
    meanwhile()
    young.commit()
    return [below, above]


Scene = Callable[[Open, Meanwhile], list[int]]
SCENES: list[Scene] = [commit_out_of_order, commit_out_of_order_of_ids]


@pytest.mark.parametrize("scene", SCENES)
def test_a_reader_of_positions_loses_what_commits_late(
    writers: Open, reader: OpenReader, scene: Scene
) -> None:
    naive = reader(ByPosition)
    _, above = scene(writers, naive.poll)
    assert naive.poll() == []
    assert naive.seen == Counter([above])


# `until`, here and below: snapshots know the transactions of every database of the server, which may hold readers up


def test_a_reader_of_positions_below_xmin_loses_what_commits_late(writers: Open, reader: OpenReader) -> None:
    careful, other = reader(ByPositionBelowXmin), reader(ByPositionBelowXmin)
    both = commit_out_of_order_of_ids(writers, lambda: until(careful.poll))
    until(lambda: other.poll() == both)  # the one that begins to read now
    assert careful.poll() == []
    assert careful.seen == Counter(both[1:])


@pytest.mark.parametrize("kind", [ByTick, BySafePosition])
@pytest.mark.parametrize("scene", SCENES)
def test_our_readers_read_both_once(
    writers: Open, reader: OpenReader, scene: Scene, kind: type[Reader]
) -> None:
    ours = reader(kind)
    both = scene(writers, ours.poll)
    until(lambda: ours.poll() or ours.seen)
    until(lambda: ours.poll() or sum(ours.seen.values()) == 2)
    ours.poll()
    assert ours.seen == Counter(both)


def test_ticks_do_not_wait_for_an_unrelated_transaction(writers: Open, reader: OpenReader) -> None:
    unrelated, writer = writers(), writers()
    unrelated.execute("create temp table unrelated (a integer)")
    tick, barrier = reader(ByTick), reader(ByPositionBelowXmin)
    written = write(writer, *views(3))
    writer.commit()
    assert tick.poll() == written
    assert barrier.poll() == []
    with pytest.raises(LogBusy):
        safe_position(tick.conn, wait_s=0)
    unrelated.rollback()
    until(lambda: barrier.poll() == written)
    assert tick.poll() == []
    assert safe_position(tick.conn, wait_s=SOON_S) == written[-1]


def test_savepoints_are_read_when_the_whole_commits(writers: Open, reader: OpenReader) -> None:
    tick, writer = reader(ByTick), writers()
    before = write(writer, *views(1))
    with writer.transaction():
        kept = write(writer, *views(2))
    with writer.transaction(force_rollback=True):
        write(writer, *views(2))
    after = write(writer, *views(1))
    assert tick.poll() == []
    writer.commit()
    assert sorted(tick.poll()) == [*before, *kept, *after]
    assert tick.poll() == []
    row = tick.conn.execute("select count(distinct xid) from events").fetchone()
    assert row == (1,)


def test_what_is_rolled_back_is_never_read(writers: Open, reader: OpenReader) -> None:
    tick, writer = reader(ByTick), writers()
    write(writer, *views(2))
    assert tick.poll() == []
    writer.rollback()
    assert tick.poll() == []
    (after,) = write(writer, *views(1))
    writer.commit()
    assert tick.poll() == [after]
    assert after == 3


def test_a_prepared_transaction_is_read_when_it_commits(
    conninfo: str, writers: Open, reader: OpenReader
) -> None:
    tick, writer = reader(ByTick), writers()
    allowed = writer.execute("show max_prepared_transactions").fetchone()
    writer.rollback()
    if allowed == ("0",):
        pytest.skip("This server allows no prepared transactions.")
    writer.tpc_begin(writer.xid(1, "gap", "kit"))
    written = write(writer, *views(2))
    writer.tpc_prepare()
    writer.close()
    (other,) = write(tick.conn, *views(1))
    assert tick.poll() == [other]
    with connect(conninfo) as conn:
        (xid,) = conn.tpc_recover()
        conn.tpc_commit(xid)
    assert tick.poll() == written


# Random runs


def act(conn: Conn, dice: random.Random) -> None:
    """One transaction of a writer that does everything it should not."""
    if dice.random() < 0.2:
        conn.execute("select pg_current_xact_id()")
        time.sleep(dice.random() / 200)
    write(conn, *views(dice.randint(1, 3)))
    if dice.random() < 0.3:
        conn.execute("savepoint s")
        write(conn, *views(1))
        conn.execute(dice.choice(["rollback to s", "release s"]))
    time.sleep(dice.random() ** 4 / 50)  # late commits are what this is about
    if dice.random() < 0.1:
        conn.rollback()
    else:
        conn.commit()


@pytest.mark.parametrize("with_unrelated", [False, True])
def test_many_writers_lose_nothing_with_our_readers(
    conninfo: str, connection: Conn, writers: Open, reader: OpenReader, with_unrelated: bool
) -> None:
    stop, unrelated = threading.Event(), writers()
    if with_unrelated:
        unrelated.execute("create temp table unrelated (a integer)")
    readers = (reader(ByTick), BySafePosition(connection), reader(ByPosition))

    def read(one: Reader) -> None:
        while not stop.is_set():
            one.poll()

    def many(seed: int) -> None:
        dice = random.Random(seed)
        with psycopg.connect(session_conninfo(conninfo)) as conn:
            for _ in range(60):
                act(conn, dice)

    with ThreadPoolExecutor(16) as threads:
        reading = [threads.submit(read, one) for one in readers]
        try:
            list(threads.map(many, range(10)))
        finally:
            stop.set()
        for each in reading:
            each.result()
    unrelated.rollback()
    tick, safe, naive = readers
    safe.poll(wait_s=SOON_S)
    tick.poll()
    naive.poll()
    committed = Counter(positions(tick.conn))
    assert sum(committed.values()) > 500
    assert tick.seen == committed
    assert safe.seen == committed
    assert naive.seen <= committed


# The safe position


def test_the_safe_position_of_an_empty_log_is_before_its_first_event(connection: Conn) -> None:
    assert safe_position(connection, wait_s=SOON_S) == 0
    assert write(connection, *views(1)) == [1]
    assert safe_position(connection, wait_s=SOON_S) == 1


def test_the_safe_position_waits_for_who_drew_a_position(connection: Conn, writers: Open) -> None:
    writer = writers()
    (drawn,) = write(writer, *views(1))
    (later,) = write(connection, *views(1))
    with pytest.raises(LogBusy):
        safe_position(connection, wait_s=0.05)
    with ThreadPoolExecutor(1) as threads:
        safe = threads.submit(safe_position, connection, wait_s=SOON_S)
        writer.commit()
        assert safe.result(timeout=SOON_S) == later > drawn


def test_the_safe_position_does_not_wait_for_readers(connection: Conn, writers: Open) -> None:
    write(connection, *views(2))
    reading = writers()
    reading.execute("set transaction isolation level repeatable read")
    reading.execute("select count(*) from events")
    assert safe_position(connection, wait_s=SOON_S) == 2
