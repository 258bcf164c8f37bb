"""A log to fold: stories of a person and a movie, told by the commands themselves, multiplied by SQL.

Each story is decided once by the domain's own commands, so that what sums rely on (`previous`, `times`, …) is right by
construction. Which stories happen to which pairs, and when, is drawn by chance from a fixed seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt
import orjson

from benchmarks.catalogue import MOVIES, PEOPLE, movie_sql, person_sql
from benchmarks.postgres import Conn
from events.facts import Event
from events.favorites import favorite_movie, unfavorite_movie
from events.pair import Pair, PairEvent, Priority, Reaction
from events.ratings import rate_movie
from events.reactions import react_to_movie
from events.viewing import dismiss_movie, mark_watched, view_movie
from events.watchlist import add_to_watchlist, remove_from_watchlist, set_priority

SEED = 20_250_101
DAYS = 730
"""How far back the log goes; its last event is of the moment it is made."""
_TODAY = date(2025, 1, 1)

Step = Callable[[Pair, random.Random], Sequence[PairEvent]]


def _rate(pair: Pair, chance: random.Random) -> Sequence[PairEvent]:
    return rate_movie(pair, chance.choice((2, 4, 6, 6, 7, 8, 8, 8, 9, 10)))


def _react(pair: Pair, chance: random.Random) -> Sequence[PairEvent]:
    return react_to_movie(pair, chance.choice(list(Reaction)))


def _plan(pair: Pair, chance: random.Random) -> Sequence[PairEvent]:
    return add_to_watchlist(pair, chance.choice(list(Priority)))


def _prioritize(pair: Pair, chance: random.Random) -> Sequence[PairEvent]:
    return set_priority(pair, chance.choice(list(Priority)))


def _watch(pair: Pair, chance: random.Random) -> Sequence[PairEvent]:
    on = _TODAY - timedelta(days=chance.randrange(700))
    return mark_watched(pair, on, _TODAY, UUID(int=chance.getrandbits(128)))


def _view(pair: Pair, _: random.Random) -> Sequence[PairEvent]:
    return view_movie(pair)


def _favorite(pair: Pair, _: random.Random) -> Sequence[PairEvent]:
    return favorite_movie(pair)


def _unfavorite(pair: Pair, _: random.Random) -> Sequence[PairEvent]:
    return unfavorite_movie(pair)


def _take_off(pair: Pair, _: random.Random) -> Sequence[PairEvent]:
    return remove_from_watchlist(pair)


def _dismiss(pair: Pair, _: random.Random) -> Sequence[PairEvent]:
    return dismiss_movie(pair)


def _clear(pair: Pair, _: random.Random) -> Sequence[PairEvent]:
    return rate_movie(pair, None)


Mixture = Mapping[tuple[Step, ...], float]
"""Stories and how often they happen, in any unit."""

LIFE: Mixture = {
    (_rate,): 24,
    (_view, _rate): 8,
    (_view, _react): 8,
    (_react,): 8,
    (_rate, _favorite): 4,
    (_react, _rate, _favorite): 4,
    (_plan,): 6,
    (_view, _plan, _prioritize): 2,
    (_plan, _watch): 4,
    (_plan, _rate): 3,
    (_plan, _take_off): 1,
    (_view, _watch, _rate): 5,
    (_watch, _watch): 1,
    (_view,): 14,
    (_view, _view, _view): 3,
    (_dismiss,): 2,
    (_rate, _rate): 2,
    (_favorite, _unfavorite): 1,
    (_rate, _clear): 0.5,
}
"""What people do."""

RATINGS: Mixture = {
    (_rate,): 68,
    (_view, _rate): 3,
    (_watch, _react, _rate): 3,
    (_rate, _favorite): 12,
    (_plan,): 10,
    (_plan, _prioritize): 2,
    (_view,): 2,
}
"""Mostly ratings, so that a person has 200 of them, and enough on every other shelf."""

_EACH = 40
"""Ways in which a story is told."""


@dataclass(frozen=True, slots=True)
class _Story:
    """Facts in their order, of nobody in particular."""

    facts: Sequence[Event]
    weight: float


def _stories(mixture: Mixture) -> list[_Story]:
    chance = random.Random(SEED)
    told = []
    for steps, weight in mixture.items():
        for _ in range(_EACH):
            pair = Pair(UUID(int=0), UUID(int=0))
            facts: list[Event] = []
            for step in steps:
                new = step(pair, chance)
                facts += new
                pair = pair.when(new)
            told.append(_Story(facts, weight / _EACH))
    return told


def rated_share(mixture: Mixture) -> float:
    """Return the share of stories that end with stars or a reaction."""
    stories = _stories(mixture)
    rated = (s.weight for s in stories if any(f.type in ("movie_rated", "movie_reacted") for f in s.facts))
    return sum(rated) / sum(s.weight for s in stories)


def facts_each(mixture: Mixture, types: Container[str] | None = None) -> float:
    """Return how many facts (of these types) a story of the mixture has on average."""
    stories = _stories(mixture)
    told = (s.weight * sum(types is None or f.type in types for f in s.facts) for s in stories)
    return sum(told) / sum(s.weight for s in stories)


@dataclass(frozen=True, slots=True)
class _Cast:
    """Which story happens to which person and movie (numbers from 1), and when it begins (seconds back)."""

    person: npt.NDArray[np.int64]
    movie: npt.NDArray[np.int64]
    story: npt.NDArray[np.int64]
    ago_s: npt.NDArray[np.int64]


Skew = tuple[float, float]
"""Of people and of movies: 1 makes all alike, and with 2 the busiest tenth of them have a third of everything."""


def _cast(stories: Sequence[_Story], pairs: int, people: int, movies: int, days: int, skew: Skew) -> _Cast:
    chance = np.random.default_rng(SEED)
    found = np.empty(0, np.int64)
    while len(found) < pairs:
        # some people are busier than others, some movies better known
        person = (people * chance.random(pairs) ** skew[0]).astype(np.int64)
        movie = (movies * chance.random(pairs) ** skew[1]).astype(np.int64)
        found = np.unique(np.concatenate([found, person * movies + movie]))
    chance.shuffle(found)
    found = found[:pairs]
    weights = np.array([story.weight for story in stories])
    story = chance.choice(len(stories), pairs, p=weights / weights.sum())
    ago_s = (days * 86_400 * chance.random(pairs)).astype(np.int64)
    # spread over the ids, so that being busy does not follow from an early number
    return _Cast(found // movies * 1_999 % people + 1, found % movies * 1_999 % movies + 1, story, ago_s)


_STAGE = """
create temp table told_steps (story integer, step integer, type text, version smallint, data jsonb);
create temp table told_pairs (person integer, movie integer, story integer, ago_s integer)"""

_APPEND = f"""
insert into events (event_id, type, schema_version, user_id, movie_id, data, occurred_at, correlation_id)
select uuidv7(), type, version, {person_sql("person")}, {movie_sql("movie")}, data, at, uuidv7()
  from (select s.type, s.version, p.person, p.movie, s.data, s.step,
               %(now)s::timestamptz - make_interval(secs => p.ago_s / (s.step + 1.0)) as at
          from told_pairs p join told_steps s using (story)) told
 where at >= %(low)s and at < %(high)s
 order by at, person, movie, step limit %(most)s"""
_FORGET = "drop table told_pairs, told_steps"
_LINES = 100_000
_EVER = {"low": "-infinity", "high": "infinity"}


def load(
    conn: Conn,
    *,
    mixture: Mixture,
    pairs: int | None = None,
    events: int | None = None,
    people: int = PEOPLE,
    movies: int = MOVIES,
) -> int:
    """Append what happens to `pairs` pairs, or the first `events` events of that; return how many events it was."""
    if pairs is None:
        assert events is not None
        pairs = int(events / facts_each(mixture) * 1.02) + 10
    with conn.transaction():
        stage(conn, mixture=mixture, pairs=pairs, people=people, movies=movies)
        count = conn.execute(_APPEND, {"now": datetime.now(UTC), "most": events, **_EVER}).rowcount
        conn.execute(_FORGET)
    return count


def stage(
    conn: Conn,
    *,
    mixture: Mixture,
    pairs: int,
    people: int,
    movies: int,
    days: int = DAYS,
    skew: Skew = (1.15, 1.6),
) -> None:
    """Decide what happens to `pairs` pairs, in the last so many days, and keep that for `append` in this session."""
    stories = _stories(mixture)
    cast = _cast(stories, pairs, people, movies, days, skew)
    with conn.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("copy told_steps from stdin") as copy:
            for number, story in enumerate(stories):
                for step, fact in enumerate(story.facts):
                    copy.write_row(
                        (number, step, fact.type, fact.version, orjson.dumps(fact.data()).decode())
                    )
        with cursor.copy("copy told_pairs from stdin") as copy:
            rows = np.column_stack([cast.person, cast.movie, cast.story, cast.ago_s])
            for low in range(0, len(rows), _LINES):
                lines = map("\t".join, rows[low : low + _LINES].astype(str).tolist())
                copy.write("\n".join(lines) + "\n")
        cursor.execute("analyze told_pairs; analyze told_steps")


def append(conn: Conn, *, now: datetime, low: datetime, high: datetime) -> int:
    """Append what `stage` decided for the times [low, high), before `now`; return how many events it was."""
    return conn.execute(_APPEND, {"now": now, "most": None, "low": low, "high": high}).rowcount
