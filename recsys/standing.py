"""What slates are made of now: the model that serves, what is popular, the catalogue; kept up in the background."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np

from database.connect import Pool, connect
from recsys import movies
from recsys.config import Config
from recsys.current import CurrentModel, Serving
from recsys.following import Following
from recsys.history import chosen_genres, history
from recsys.model import Floats, Model
from recsys.movies import Movies
from recsys.popularity import live_popularity
from recsys.scoring import History, Scorer

POLL_S = 0.5
POPULAR_S = 30.0
"""How old what is popular may be."""
_SHARE = 0.2
"""Of the time, making all of it anew takes no more, however often the catalogue changes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`scorer` has a column for each of the movies; without a model (`model_id` is None) it knows what is popular only."""

    movies: Movies
    scorer: Scorer
    popularity: Floats
    model_id: UUID | None
    version: object = field(default_factory=object)
    """Equal to that of no other."""

    def history(self, told: bytes) -> History:
        """Return the history of a person, from what `recsys.history.TOLD` reads, with the genres that they chose."""
        known = history(told, len(self.movies))
        genres = [self.movies.genres[each] for each in chosen_genres(told) if each in self.movies.genres]
        if not genres:
            return known
        named = {f"genre:{genre.name}" for genre in genres}
        columns = [column for column, name in enumerate(self.scorer.model.features) if name in named]
        return replace(known, features=np.array(columns, np.int32))


class Standings(Following):
    """Keeps `Standing` up with promotions and with the catalogue at once, with what is popular twice a minute."""

    def __init__(self, pool: Pool, conninfo: str, models: CurrentModel) -> None:
        self._pool, self._conninfo, self._models = pool, conninfo, models
        self._standing: Standing | None = None
        self._made_of: Serving | None = None
        self._base: Model | None = None
        self._has_news = True
        self._making = asyncio.Lock()
        self._due = 0.0

    @property
    def model_id(self) -> UUID | None:
        """The model that recommendations are made with; None without one."""
        return self._standing.model_id if self._standing else None

    def catalogue_changed(self) -> None:
        """Say that it did."""
        self._has_news = True

    async def now(self) -> Standing:
        """Return what there is; the first time it is made. Raises psycopg.Error, PoolTimeout."""
        return self._standing or await self.renew()

    async def renew(self) -> Standing:
        """Make all of it anew; those who ask at the same time share it."""
        before = self._standing
        async with self._making:
            if self._standing is None or self._standing is before:
                self._standing = await self._made()
            return self._standing

    async def _made(self) -> Standing:
        serving, had_news, self._has_news = self._models.current, self._has_news, False
        try:
            last, before = self._standing, self._base
            if (
                had_news
                or serving is not self._made_of
                or last is None
                or before is None
                # of movies that are new and without a genre nobody tells
                or await movies.newest(self._pool) >= len(last.movies)
            ):
                known = await movies.told(self._pool)
                found, base = await asyncio.to_thread(
                    self._arranged, known, serving.model if serving else None
                )
                self._base = base
            else:
                found, base = last.movies, before
            popular = await live_popularity(
                self._pool, base.movies, half_life_days=base.config.half_life_days
            )
        except BaseException:
            self._has_news = True
            raise
        if serving is None:
            base = replace(base, likes=popular)
        scorer = await asyncio.to_thread(Scorer, base, popular)
        self._made_of = serving
        return Standing(found, scorer, popular, serving.model_id if serving else None)

    def _arranged(self, known: tuple[str, movies.Rows], model: Model | None) -> tuple[Movies, Model]:
        """Return the catalogue, and a model of just its movies."""
        found = movies.arranged(*known, columns=model.movies if model else 0)
        if model is None:
            return found, nothing_learnt(found)
        if len(found) == model.movies:
            return found, model
        # here and not above: most servers never need scipy
        from recsys.catalogue import read_features
        from recsys.cold import extend

        with connect(self._conninfo, application="projectionist features") as conn:
            return found, extend(model, read_features(conn, len(found)))

    async def _look(self) -> float:
        started = time.monotonic()
        if self._has_news or started >= self._due or self._models.current is not self._made_of:
            await self.renew()
            self._due = started + POPULAR_S
        return max(POLL_S, (time.monotonic() - started) / _SHARE)


def nothing_learnt(known: Movies) -> Model:
    """Return a model that nobody trained: it orders by what is popular, and knows of genres for those who choose some."""
    width, genres = len(known), list(known.genres.values())
    columns = np.concatenate([np.zeros(0, np.int32), *(genre.movies for genre in genres)])
    features = np.repeat(np.arange(len(genres), dtype=np.int32), [len(genre.movies) for genre in genres])
    order = np.argsort(columns, kind="stable")
    counts = np.bincount(columns, minlength=width)

    def zeros(*shape: int) -> Floats:
        return np.zeros(shape, np.float32)

    nobody = np.zeros((1, 1), np.int32)
    return Model(
        config=Config(dimensions=1, neighbors=1),
        features=tuple(f"genre:{genre.name}" for genre in genres),
        people=0,
        interactions=0,
        item_vectors=zeros(width, 1),
        item_biases=zeros(width),
        content_vectors=zeros(width, 1),
        content_biases=zeros(width),
        taste_vectors=zeros(width, 1),
        feature_vectors=zeros(len(genres), 1),
        feature_biases=zeros(len(genres)),
        feature_tastes=zeros(len(genres), 1),
        feature_starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        feature_ids=features[order],
        ease_rows=np.zeros(width, np.int32),
        neighbors=nobody,
        neighbor_weights=zeros(1, 1),
        likes=zeros(width),
    )
