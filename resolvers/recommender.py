"""Recommendations at the moment of asking: what the person did, the model that serves, what is popular, the catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import asdict
from typing import Any
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
from resolvers.histories import Histories
from resolvers.ids import text, uuid_of
from resolvers.mapping import Fed
from resolvers.reason_rows import reason_rows
from resolvers.shelf import Shelf, Slate
from resolvers.slate_pages import Ranks, SlatePage, slate_page

_movie, _genre = uuid_of("Movie"), uuid_of("Genre")
_REASONS = 3


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
        page, algorithm, chosen = (
            slate_page(given),
            given.get("algorithm") or Algorithm.BLEND,
            _filter(given.get("filter")),
        )
        standing = await self.standings.now()
        told = await self._histories.told(user_id)
        known = standing.history(told)
        if standing.model_id is None:  # what is popular is so whatever the person likes
            known = History(known=known.known, features=known.features)
        slate = await self._slate(user_id, standing, algorithm, chosen, page, told, known)
        ranks = _left(slate, standing, known)
        shown = page.of(ranks, slate.slate_id)
        because = self._reasons(slate, standing, known, told, shown) if "reasons" in wanted else {}
        columns = _columns(slate, standing, ranks)
        if because:
            columns = {**columns, "reasons": _array(_quoted(because.get(rank)) for rank in ranks.tolist())}
        if "movie_id" not in wanted:
            return Fed(columns)
        return Fed(columns, lambda: self._record(slate, standing, shown))

    async def _slate(
        self,
        user_id: UUID,
        standing: Standing,
        algorithm: Algorithm,
        chosen: Filter,
        page: SlatePage,
        told: bytes,
        known: History,
    ) -> Slate:
        asked = orjson.dumps([algorithm, asdict(chosen)]).decode()
        if page.slate_id and (found := await self._shelf.find(page.slate_id, user_id, asked)):
            return found
        made_of = (hashlib.blake2b(told).digest(), standing.model_id, id(standing.movies))
        if found := self._shelf.newest(user_id, asked, made_of):
            return found
        allowed = standing.movies.allowed(chosen)
        best = ranked(
            standing,
            known,
            _scored(standing, algorithm),
            allowed,
            explored=self._explored,
            dice=self._dice,
        )
        served = algorithm if standing.model_id else Algorithm.TRENDING
        slate = Slate(uuid7(), user_id, asked, served, standing.model_id, best, made_of)
        self._shelf.add(slate)
        return slate

    def _reasons(
        self, slate: Slate, standing: Standing, known: History, told: bytes, shown: Ranks
    ) -> Mapping[int, str]:
        """Return why the movies at these ranks are recommended, as JSON."""
        reasoned = (told, id(standing.scorer))
        if slate.reasoned != reasoned:
            slate.reasons, slate.reasoned = {}, reasoned
        missing = [rank for rank in shown.tolist() if rank not in slate.reasons]
        if missing:
            movies = slate.ranked.movies[np.array(missing) - 1].astype(np.int64)
            algorithm = _scored(standing, slate.algorithm)
            found = reasons(standing.scorer, known, movies, algorithm=algorithm, most=_REASONS)
            for rank, movie, why in zip(missing, movies.tolist(), found, strict=True):
                slate.reasons[rank] = reason_rows(standing, movie, why)
        return slate.reasons

    def _record(self, slate: Slate, standing: Standing, shown: Ranks) -> None:
        """Let the log know of the ranks that it has not heard of: one fact for each run of them."""
        new = np.array([rank for rank in shown.tolist() if rank not in slate.recorded], np.int64)
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
                    first_rank=int(run[0]) if len(run) else 1,
                )
            )


def _left(slate: Slate, standing: Standing, known: History) -> Ranks:
    """Return the ranks whose movies there still are, and of which the person has said nothing since."""
    movies = slate.ranked.movies
    is_left = movies < len(standing.movies)
    is_left &= standing.movies.ids[np.minimum(movies, len(standing.movies) - 1)] != b""
    is_known = np.zeros(max(len(standing.movies), int(movies.max(initial=0)) + 1), np.bool_)
    is_known[known.known] = True
    return np.flatnonzero(is_left & ~is_known[movies]) + 1


def _columns(slate: Slate, standing: Standing, ranks: Ranks) -> Mapping[str, str | None]:
    """Return the rows of these ranks; those of the last time are kept with the slate."""
    if slate.rows is None or slate.rows[0] != ranks.tobytes():
        places = ranks - 1
        ids = standing.movies.ids[slate.ranked.movies[places]].tolist()
        columns: Mapping[str, str | None] = {
            "movie_id": _array(each.decode() for each in ids),
            "rank": _array(map(str, ranks.tolist())),
            "score": _array(map(str, slate.ranked.scores[places].tolist())),
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


def _array(items: Any) -> str:
    return "{" + ",".join(items) + "}"


def _quoted(json: str | None) -> str:
    return "NULL" if json is None else '"' + json.replace("\\", "\\\\").replace('"', '\\"') + '"'
