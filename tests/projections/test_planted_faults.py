"""The check of test_folds.py bites: each fault planted in a fold is noticed by it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from events.favorites import favorite_movie, unfavorite_movie
from events.log import Recorded
from events.pair import Priority, Reaction
from events.ratings import clear_rating, rate_movie
from events.reactions import clear_reaction, react_to_movie
from events.viewing import mark_watched, retract_watch, view_movie
from events.watchlist import add_to_watchlist, remove_from_watchlist
from projections import registry
from projections.registry import Projection, projections
from tests.projections.folding import Bench, Members, check, family_with, notices
from tests.strategies import (
    MOVES,
    TODAY,
    VIEWINGS,
    Move,
    Says,
    accept,
    choose,
    follow,
    list_moves,
    play,
    promote,
    rich_moves,
    roll_back,
    train,
    unfollow,
)

_DAY = 1440
_RARE = (mark_watched, retract_watch, choose, train, promote, roll_back, remove_from_watchlist)
_AGAIN: Sequence[tuple[Says, tuple[Any, ...]]] = (
    *((says, ()) for says in (clear_rating, clear_reaction, unfavorite_movie, remove_from_watchlist)),
    *((add_to_watchlist, (Priority.LOW,)), (remove_from_watchlist, ())) * 2,
    *((favorite_movie, ()), (unfavorite_movie, ())) * 2,
    *((rate_movie, (half_stars,)) for half_stars in (9, 3, 10)),
    *((react_to_movie, (reaction,)) for reaction in (*Reaction, Reaction.DISLIKE, Reaction.LIKE)),
    *((mark_watched, (TODAY, TODAY, viewing)) for viewing in VIEWINGS),
    *((retract_watch, (TODAY, viewing)) for viewing in VIEWINGS[:2]),
    *((view_movie, ()),) * 2,
)
"""Somebody who says each thing of a movie again on the same day: it counts each time."""
LOG = play(
    [
        *rich_moves(700, minutes=[0, 1, 2]),
        *rich_moves(900, seed=3, movies=80),
        *rich_moves(400, seed=5, without=[says for says in MOVES if says not in _RARE]),
        *list_moves(6),
        *(Move(0, 0, says, args, 0) for says, args in _AGAIN),
        Move(1, 0, unfollow, (0,)),
        Move(1, 0, follow, (0, False)),
        Move(0, 0, accept, (1,)),
        *(Move(0, 0, promote, (model,)) for model in (1, 0, 2)),
        Move(0, 0, roll_back, ()),
        *(Move(0, 0, view_movie, (), minutes) for minutes in (400 * _DAY, -_DAY, -6 * _DAY, -23 * _DAY)),
    ]
)
"""A history in which each branch of a fold decides something: busy pairs, idle ones, days at the edge of a window."""


def _cut(log: Sequence[Recorded]) -> list[list[int]]:
    return [[event.position for event in log[low : low + 41]] for low in range(0, len(log), 41)]


LOGS = [(log, _cut(log)) for log in (LOG[:300], LOG)]
"""Most faults are noticed soon; only for the others the whole history is folded."""


def _noticed(bench: Bench, members: Members) -> bool:
    return any(notices(bench, members, log, cut) for log, cut in LOGS)


_NAMES = re.compile(r"'[a-z]+(?:_[a-z]+)+'")
_SWAPS = (
    ("position desc", "position"),
    ("max(position)", "min(position)"),
    ("count(*)", "count(distinct user_id)"),
    ("sum(", "max("),
    (" - count", " + count"),
    (") - coalesce(", ") + coalesce("),
    ("), 0)", "), 99999)"),
    ("at time zone 'UTC'", "at time zone 'Asia/Tokyo'"),
    ("occurred_at", "(occurred_at + interval '1 hour')"),
    ("< w.days", "<= w.days"),
    ("m.movie_id in (select movie_id from batch)", "false"),
    ("newest.day is distinct from", "newest.day is not distinct from"),
    (" = 'movie_", " <> 'movie_"),
    (" <> 'watchlist_", " = 'watchlist_"),
    ("'DISLIKE'", "'OK'"),
    ("'LIKE', 'SUPER_LIKE'", "'LIKE'"),
    ("'HIGH' then 3", "'HIGH' then 2"),
    ("user_id, movie_id, event_id", "user_id, user_id, event_id"),
    ("user_id is not null and (movie_id is not null or", "position %% 2 = 0 and (movie_id is not null or"),
    ("(movie_id is not null or type in", "(true or type in"),
)


def _texts(rows: str) -> Iterator[tuple[str, str]]:
    """The text with one thing wrong: each place of each swap, and each event name misspelt."""
    for wrong in dict.fromkeys(_NAMES.findall(rows)):
        yield f"no {wrong}", rows.replace(wrong, "'nothing'")
    for right, wrong in _SWAPS:
        for number, place in enumerate(re.finditer(re.escape(right), rows), 1):
            yield f"{wrong!r} for {right!r} {number}", rows[: place.start()] + wrong + rows[place.end() :]


def faults(p: Projection) -> Iterator[tuple[str, Projection]]:
    """A projection in every way in which it could be wrong that we can think of."""
    for name, rows in _texts(p.rows):
        yield name, replace(p, rows=rows)
    halved = "from (select * from batch where position %% 2 = 0) batch"
    yield "half of the events are left out", replace(p, rows=p.rows.replace("from batch", halved))
    if p.kind == "count":
        yield "what is there is replaced", replace(p, kind="derived")
    if p.kind == "state":
        yield "what arrives last wins", replace(p, kind="derived")
    if len(p.groups) > 1:
        yield "one position guards every column", replace(p, groups={"position": p.values})


_MERGES = (
    (" < excluded.", " > excluded."),
    (" > t.", " < t."),
    ("greatest(", "least("),
    (" then excluded.", " then t."),
    (" or excluded.", " and excluded."),
    (" + excluded.", " - excluded."),
)
"""Faults of the one text that all projections share: how a row meets the one that is there."""


@pytest.mark.parametrize("name", list(projections()))
def test_every_planted_fault_is_noticed(bench: Bench, name: str) -> None:
    right = projections()[name]
    bench.record(LOG)
    check(bench, family_with(right), *LOGS[-1])
    planted = dict(faults(right))
    assert len(planted) > 3
    missed = [fault for fault, wrong in planted.items() if not _noticed(bench, family_with(wrong))]
    assert missed == []


@pytest.mark.parametrize(
    "name", [p.name for p in projections().values() if p.kind != "derived" and "position" not in p.key]
)
def test_every_fault_in_how_rows_meet_is_noticed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bench.record(LOG)
    members = family_with(projections()[name])
    right = registry._merge
    planted = [(old, new) for old, new in _MERGES if old in right(projections()[name])]
    assert planted
    for old, new in planted:
        monkeypatch.setattr(registry, "_merge", lambda p, old=old, new=new: right(p).replace(old, new))
        assert _noticed(bench, members), f"{new!r} for {old!r}"


@pytest.mark.parametrize("name", [p.name for p in projections().values() if p.is_personal])
def test_keeping_who_was_erased_is_noticed(bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    bench.record(LOG)
    monkeypatch.setattr(Projection, "is_personal", property(lambda _: False))
    assert _noticed(bench, family_with(projections()[name]))
