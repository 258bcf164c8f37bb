from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122

import pytest

from database.ids import _Clock, uuid7


def test_k1_an_id_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= after + 1


def test_ids_grow_within_a_millisecond_too() -> None:
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_threads_never_make_the_same_id_and_each_sees_its_own_grow() -> None:
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: [uuid7() for _ in range(1000)], range(4)))
    assert all(ids == sorted(ids) for ids in made)
    assert len({one for ids in made for one in ids}) == 4000


FULL = (1 << 42) - 1


@pytest.mark.parametrize("then", [1000, 999, 0])
def test_a_clock_that_stands_or_goes_back_only_counts_on(then: int) -> None:
    clock = _Clock()
    millisecond, counter = clock.tick(1000, FULL)
    assert clock.tick(then, 0) == (millisecond, counter + 1)


def test_a_millisecond_without_counts_left_borrows_from_the_next() -> None:
    clock = _Clock()
    clock.tick(1000, FULL)
    clock._counter = FULL
    assert clock.tick(1000, 6) == (1001, 3)
