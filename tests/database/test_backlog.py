"""Who is refused: those who would wait too long."""

from __future__ import annotations

import pytest

from database.backlog import Backlog, Overloaded
from tests.accounts.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def joined(backlog: Backlog, wanted: int) -> int:
    """Return how many of so many may wait."""
    for number in range(wanted):
        try:
            backlog.join()
        except Overloaded:
            return number
    return wanted


@pytest.mark.parametrize(
    ("servers", "each_s", "most_s", "waiting"),
    [(1, 0.5, 2, 5), (2, 0.5, 2, 9), (1, 0.1, 2, 21), (1, 5, 2, 1)],
)
def test_so_many_wait_as_are_served_in_time_and_one_more_is_refused(
    clock: Clock, servers: int, each_s: float, most_s: float, waiting: int
) -> None:
    backlog = Backlog(servers, most_s, clock=clock)
    backlog.served(10, 10 * each_s)
    assert joined(backlog, 100) == waiting
    backlog.leave(1)
    assert joined(backlog, 100) == 1


def test_who_is_refused_hears_when_to_come_back(clock: Clock) -> None:
    backlog = Backlog(1, 2, clock=clock)
    backlog.served(1, 0.4)
    joined(backlog, 100)
    with pytest.raises(Overloaded) as refused:
        backlog.join()
    assert refused.value.retry_after_s == 3  # 2.4 seconds


def test_where_nothing_moves_newcomers_are_refused_although_each_takes_no_time(clock: Clock) -> None:
    backlog = Backlog(4, 2, clock=clock)
    backlog.served(1, 0.000_001)
    assert joined(backlog, 10) == 10
    clock.now += 2
    assert joined(backlog, 10) == 10
    clock.now += 0.001
    backlog.leave(0)
    assert joined(backlog, 10) == 0
    backlog.leave(20)
    assert joined(backlog, 10) == 10


def test_an_empty_queue_takes_anybody_however_long_the_others_took(clock: Clock) -> None:
    backlog = Backlog(1, 2, clock=clock)
    backlog.served(1, 100)
    clock.now += 100
    assert joined(backlog, 10) == 1


def test_what_cannot_be_refused_waits(clock: Clock) -> None:
    backlog = Backlog(1, 2, clock=clock)
    backlog.served(1, 100)
    backlog.join()
    backlog.join(may_refuse=False)
    backlog.leave(2)
    assert joined(backlog, 10) == 1
