"""Recommendations at the moment of asking: what the person did, the model that serves, what is popular, the catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import orjson

from database.ids import uuid7
from events.facts import Event
from events.slates import Algorithm, serve_slate
from recsys import scoring
from recsys.movies import Filter
from recsys.reasons import reasons
from recsys.scoring import History
from recsys.slates import ranked
from recsys.standing import Standing, Standings
from resolvers import arrays
from resolvers.histories import Histories
from resolvers.ids import array, text, uuid_of
from resolvers.mapping import Fed
from resolvers.reason_rows import reason_rows
from resolvers.shelf import Shelf, Slate
from resolvers.slate_pages import SlatePage, slate_page

if TYPE_CHECKING:
    from resolvers.slate_pages import Ranks

_movie, _genre = uuid_of("Movie"), uuid_of("Genre")
_REASONS = 3


@dataclass(frozen=True)
class _Asker:
    """Who asks: what they said up to this moment, as `recsys.history.TOLD` reads it."""

    user_id: UUID
    standing: Standing
    told: bytes

    @cached_property
    def made_of(self) -> object:
        """What a slate is made of; while it is equal there is nothing new."""
        said = hashlib.blake2b(self.told).digest()
        return said, self.standing.model_id, self.standing.movies.version

    @cached_property
    def history(self) -> History:
        """What the recommender takes; without a model what is popular is so whatever the person likes."""
        known = self.standing.history(self.told)
        return known if self.standing.model_id else History(known=known.known, features=known.features)


class Recommender:
    """Makes slates, hands out pages of them, and tells the log what was shown."""

    def __init__(
        self,
        standings: Standings,
        histories: Histories,
        shelf: Shelf,
        record: Callable[[Sequence[Event]], None],
        *,
        explored: float,
    ) -> None:
        self.standings, self.record = standings, record
        self._histories, self._shelf, self._explored = histories, shelf, explored
        self._dice = np.random.default_rng()

    async def fed(self, user_id: UUID, given: Mapping[str, Any], wanted: Set[str]) -> Fed:
        """Return a page of what is recommended to a person, as rows.

        Raises BadInput, BadId, BadCursor, BadPageSize, and what reading raises.
        """
        page, chosen = slate_page(given), _filter(given.get("filter"))
        standing = await self.standings.now()
        asker = _Asker(user_id, standing, await self._histories.told(user_id))
        slate = await self._slate(asker, given.get("algorithm") or Algorithm.BLEND, chosen, page)
        ranks = _left(slate, asker)
        shown = page.of(ranks, slate.slate_id)
        columns = _columns(slate, standing, ranks)
        if "reasons" in wanted and len(shown):
            because = _reasons(slate, asker, shown)
            reached = ranks[ranks <= max(because)].tolist()  # the others have none: a shorter array says so
            columns = {**columns, "reasons": array(because.get)(reached)}
        if "movie_id" not in wanted:
            return Fed(columns)
        return Fed(columns, lambda: self._record(slate, standing, shown))

    async def _slate(self, asker: _Asker, algorithm: Algorithm, chosen: Filter, page: SlatePage) -> Slate:
        user_id, standing = asker.user_id, asker.standing
        asked = orjson.dumps([algorithm, chosen]).decode()
        if page.slate_id and (found := await self._shelf.find(page.slate_id, user_id, asked)):
            return found
        if found := self._shelf.newest(user_id, asked, asker.made_of):
            return found
        best = ranked(
            standing,
            asker.history,
            _scored(standing, algorithm),
            standing.movies.allowed(chosen),
            explored=self._explored,
            dice=self._dice,
        )
        served = algorithm if standing.model_id else Algorithm.TRENDING
        slate = Slate(uuid7(), user_id, asked, served, standing.model_id, best, asker.made_of)
        self._shelf.add(slate)
        return slate

    def _record(self, slate: Slate, standing: Standing, shown: Ranks) -> None:
        """Let the log know of the ranks that it has not heard of: one fact for each run of them."""
        new = np.array([rank for rank in shown.tolist() if rank not in slate.recorded], np.int64)
        if not len(new):
            return
        slate.recorded.update(new.tolist())
        for run in np.split(new, np.flatnonzero(np.diff(new) != 1) + 1):
            places = run - 1
            ids = standing.movies.ids[slate.ranked.movies[places]].astype(str).tolist()
            scores, chances = slate.ranked.scores[places], slate.ranked.propensities[places]
            movies = list(zip(map(UUID, ids), scores.tolist(), chances.tolist(), strict=True))
            self.record(
                serve_slate(
                    user_id=slate.user_id,
                    slate_id=slate.slate_id,
                    algorithm=slate.algorithm,
                    model_id=slate.model_id,
                    movies=movies,
                    first_rank=int(run[0]),
                )
            )


def _left(slate: Slate, asker: _Asker) -> Ranks:
    """Return the ranks whose movies there still are, and of which the person has said nothing since."""
    movies, width = slate.ranked.movies, len(asker.standing.movies)
    if slate.made_of == asker.made_of:
        return np.arange(1, len(movies) + 1)
    is_left = np.zeros(max(width, int(movies.max(initial=0)) + 1), np.bool_)
    is_left[:width] = asker.standing.movies.there
    is_left[asker.history.known] = False
    return np.flatnonzero(is_left[movies]) + 1


def _reasons(slate: Slate, asker: _Asker, shown: Ranks) -> Mapping[int, str]:
    """Return by rank why movies are recommended, as JSON; of the ranks that are shown at least."""
    standing, reasoned = asker.standing, (asker.made_of, asker.standing.version)
    if slate.reasoned != reasoned:
        slate.reasons, slate.reasoned = {}, reasoned
    missing = [rank for rank in shown.tolist() if rank not in slate.reasons]
    if missing:
        movies = slate.ranked.movies[np.array(missing) - 1].astype(np.int64)
        algorithm = _scored(standing, slate.algorithm)
        found = reasons(standing.scorer, asker.history, movies, algorithm=algorithm, most=_REASONS)
        for rank, movie, why in zip(missing, movies.tolist(), found, strict=True):
            slate.reasons[rank] = reason_rows(standing, movie, why)
    return slate.reasons


def _columns(slate: Slate, standing: Standing, ranks: Ranks) -> Mapping[str, str | None]:
    """Return the rows of these ranks; those of the last time are kept with the slate."""
    if slate.rows is None or slate.rows[0] != ranks.tobytes():
        places = ranks - 1
        ids = standing.movies.ids[slate.ranked.movies[places]]
        columns: Mapping[str, str | None] = {
            "movie_id": arrays.of_ids(ids),
            "rank": arrays.of_numbers(ranks),
            "score": arrays.of_numbers(slate.ranked.scores[places]),
            "slate_id": str(slate.slate_id),
            "algorithm": slate.algorithm.value,
        }
        slate.rows = ranks.tobytes(), columns
    return slate.rows[1]


def _scored(standing: Standing, algorithm: Algorithm) -> scoring.Algorithm:
    """Return what scores; without a model it is what is popular, within what the person chose."""
    return scoring.Algorithm[algorithm.name] if standing.model_id else scoring.Algorithm.BLEND


def _filter(given: Mapping[str, Any] | None) -> Filter:
    given = {name: value for name, value in (given or {}).items() if value is not None}
    return Filter(
        genres=tuple(map(text, given.get("genres", ()))),
        genre_ids=tuple(str(_genre(each)) for each in given.get("genreIds", ())),
        released_from=given.get("releasedFrom"),
        released_to=given.get("releasedTo"),
        max_runtime_minutes=given.get("maxRuntimeMinutes"),
        original_language=given.get("originalLanguage"),
        excluded_ids=tuple(str(_movie(each)) for each in given.get("excludeIds", ())),
    )
