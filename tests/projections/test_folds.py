"""What every registered projection must hold; a new one is tested by its registration alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.registry import Projection, families, projections
from tests.projections.folding import Bench, check
from tests.strategies import ERASED, Move, arrange, erase, histories, play, rich_moves, user_id, windows

EXAMPLES = settings(max_examples=80)


def groups() -> list[tuple[Projection, ...]]:
    """Those that are folded together."""
    return families(inline=True) + families(inline=False)


by_family = pytest.mark.parametrize(
    "members", groups(), ids=lambda members: "+".join(p.name for p in members)
)
personal = pytest.mark.parametrize(
    "projection", [p for p in projections().values() if p.is_personal], ids=lambda p: p.name
)


def test_every_projection_is_in_a_family_that_is_tested() -> None:
    assert sorted(p.name for members in groups() for p in members) == sorted(projections())


@by_family
@EXAMPLES
@given(data=st.data())
def test_however_the_log_is_cut_the_fold_is_what_its_specification_says(
    bench: Bench, members: tuple[Projection, ...], data: st.DataObject
) -> None:
    log = data.draw(histories())
    bench.record(log)
    check(bench, members, log, data.draw(windows(log)))


@by_family
@EXAMPLES
@given(data=st.data())
def test_windows_may_arrive_in_any_order(
    bench: Bench, members: tuple[Projection, ...], data: st.DataObject
) -> None:
    log = data.draw(histories())
    cut = data.draw(windows(log).flatmap(st.permutations))
    bench.record(log)
    assert bench.fold(members, cut) == bench.fold(members, [[event.position for event in log]])


@personal
@pytest.mark.parametrize("erasure", ["arrives first", "arrives last", "arrives with the rest"])
def test_erased_people_are_gone_whichever_window_comes_first(
    bench: Bench, projection: Projection, erasure: str
) -> None:
    shared = [Move(1, 100, arrange, (step,)) for step in ("create", "invite", "other: join", "other: add")]
    lives = [*shared, *rich_moves(600, movies=30, without=[erase])]
    log = play([*lives[:100], Move(ERASED, 0, erase, ()), *lives[100:]])
    (erased,) = (event.position for event in log if event.fact.type == "user_erased")
    rest = [event.position for event in log if event.position != erased]
    cut = {
        "arrives first": [[erased], rest[:50], rest[50:]],
        "arrives last": [rest[:50], rest[50:], [erased]],
        "arrives with the rest": [[*rest, erased]],
    }[erasure]
    bench.record(log)
    (rows,) = bench.fold([projection], cut)
    for column in projection.people:
        people = {row[list(projection.columns).index(column)] for row in rows}
        assert people >= {user_id(person) for person in range(ERASED)}
        assert user_id(ERASED) not in people
    for column in projection.mentions:
        assert {row[list(projection.columns).index(column)] for row in rows} == {user_id(0), user_id(1), None}
