"""What was recommended to people, and what they opened of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby
from typing import ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Event, event
from events.pair import Pair, PairEvent, changed


class Algorithm(StrEnum):
    """What recommends."""

    BLEND = "BLEND"
    HYBRID = "HYBRID"
    COLLABORATIVE = "COLLABORATIVE"
    CONTENT_BASED = "CONTENT_BASED"
    TRENDING = "TRENDING"


@event("recommendations_served")
class RecommendationsServed(Event):
    """A person was shown movies, of the ranks from `first_rank` on; the lists are as long as each other.

    Scores are 0 to 1, six digits of them; a propensity is the probability with which the movie came to stand there. The
    model is None where none was asked.
    """

    user_id: UUID
    movie_id = None
    slate_id: UUID
    algorithm: Algorithm
    model_id: UUID | None
    first_rank: int
    movie_ids: tuple[UUID, ...]
    scores: tuple[float, ...]
    propensities: tuple[float, ...]


@event("recommendation_clicked")
class RecommendationClicked(PairEvent):
    """A person opened a movie that they were shown in a slate."""

    slate_id: UUID

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, clicked=pair.clicked | {self.slate_id})


class NotRecommended(Rejected):
    """This movie was not in this list, or the list was somebody else's. Send the `slateId` of the list that had it."""

    code: ClassVar[str] = "NOT_RECOMMENDED"
    path = ("slateId",)


MOST = 100
"""Movies of one `RecommendationsServed`: what fits into an event."""


def serve_slate(
    *,
    user_id: UUID,
    slate_id: UUID,
    algorithm: Algorithm,
    model_id: UUID | None,
    movies: list[tuple[UUID, float, float]],
    first_rank: int = 1,
) -> list[RecommendationsServed]:
    """Return what is recorded of movies that were shown: their ids, scores and propensities, in the order of ranks.

    More than MOST become several facts; nothing is recorded of an empty list.
    """
    return [
        RecommendationsServed(
            user_id=user_id,
            slate_id=slate_id,
            algorithm=algorithm,
            model_id=model_id,
            first_rank=first_rank + low,
            movie_ids=tuple(movie_id for movie_id, _, _ in part),
            scores=tuple(_six_digits(score) for _, score, _ in part),
            propensities=tuple(_six_digits(propensity) for _, _, propensity in part),
        )
        for low in range(0, len(movies), MOST)
        for part in (movies[low : low + MOST],)
    ]


Shown = tuple[int, UUID, float, float]
"""A place that was shown: its rank, the movie, its score, and the probability with which it came to stand there."""


def serve_places(
    *,
    user_id: UUID,
    slate_id: UUID,
    algorithm: Algorithm,
    model_id: UUID | None,
    places: Sequence[Shown],
) -> list[RecommendationsServed]:
    """Return what is recorded of places in the order of ranks, of which some may be left out: a fact for each run."""
    facts: list[RecommendationsServed] = []
    for _, numbered in groupby(enumerate(places), lambda each: each[1][0] - each[0]):
        run = [place for _, place in numbered]
        facts += serve_slate(
            user_id=user_id,
            slate_id=slate_id,
            algorithm=algorithm,
            model_id=model_id,
            movies=[place[1:] for place in run],
            first_rank=run[0][0],
        )
    return facts


def click_recommendation(pair: Pair, slate_id: UUID) -> list[PairEvent]:
    """Record that the movie was opened in a slate; once for each slate."""
    if slate_id in pair.clicked:
        return []
    return [RecommendationClicked(user_id=pair.user_id, movie_id=pair.movie_id, slate_id=slate_id)]


def _six_digits(number: float) -> float:
    return float(f"{number:.6g}")
