"""Lists that are not one person's: what to ask newcomers about, and what several people could see together."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from recsys.groups import Strategy, group_top
from recsys.movies import Filter
from recsys.onboarding import to_ask
from recsys.scoring import History
from recsys.standing import Standing, Standings
from resolvers import arrays
from resolvers.histories import Histories
from resolvers.ids import PAGE_MOST
from resolvers.mapping import Fed


class CommonLists:
    """Makes such lists at the moment of asking."""

    def __init__(self, standings: Standings, histories: Histories) -> None:
        self._standings, self._histories = standings, histories
        self._asked: tuple[Standing, list[int]] | None = None

    async def asked_first(self, user_id: UUID | None) -> Fed:
        """Return the movies to ask about, without those that the person has said something about."""
        standing = await self._standings.now()
        if self._asked is None or self._asked[0] is not standing:
            found = await asyncio.to_thread(to_ask, standing.scorer.model, PAGE_MOST, standing.popularity)
            self._asked = standing, found
        known = set[int]()
        if user_id:
            known = set((await self._history(user_id, standing)).known.tolist())
        return _listed(
            standing, np.array([movie for movie in self._asked[1] if movie not in known], np.int64)
        )

    async def for_all(self, people: Collection[UUID], strategy: str) -> Fed:
        """Return what suits these people together, whom who asks may know so well; the name of a strategy says how."""
        standing = await self._standings.now()
        histories = await asyncio.gather(*(self._history(person, standing) for person in sorted(people)))
        found, scores = await asyncio.to_thread(_best_for, standing, histories, Strategy[strategy])
        return _listed(standing, found, scores)

    async def _history(self, user_id: UUID, standing: Standing) -> History:
        return standing.history(await self._histories.told(user_id))


def _best_for(
    standing: Standing, histories: Sequence[History], strategy: Strategy
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    allowed = standing.movies.allowed(Filter())
    return group_top(standing.scorer, histories, PAGE_MOST, strategy, allowed=allowed)


def _listed(standing: Standing, movies: NDArray[np.int64], scores: NDArray[np.float32] | None = None) -> Fed:
    columns = {
        "movie_id": arrays.of_ids(standing.movies.ids[movies]),
        "rank": arrays.of_numbers(np.arange(1, len(movies) + 1)),
    }
    return Fed(columns if scores is None else {**columns, "score": arrays.of_numbers(scores)})
