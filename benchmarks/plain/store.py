"""What one request reads: statements, and a DataLoader for each relation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Select, Table, Uuid, any_, bindparam, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncEngine
from strawberry.dataloader import DataLoader

from benchmarks.plain import tables as t

AnyRow = Row[Any]

# one text however many keys there are, so that it stays prepared
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_POSITIONS = bindparam("positions", type_=ARRAY(BigInteger))

_MOVIES = select(*(column for column in t.movies.c if column.name != "search")).where(
    t.movies.c.id == any_(_IDS)
)
_GENRES = (
    select(t.movie_genres.c.movie_id, t.genres)
    .join_from(t.movie_genres, t.genres, t.genres.c.id == t.movie_genres.c.genre_id)
    .where(t.movie_genres.c.movie_id == any_(_IDS))
    .order_by(t.movie_genres.c.movie_id, t.movie_genres.c.rank)
)
_CAST = (
    select(t.movie_credits)
    .where(t.movie_credits.c.movie_id == any_(_IDS), t.movie_credits.c.job == "ACTOR")
    .order_by(t.movie_credits.c.movie_id, t.movie_credits.c.rank)
)
_STATS = select(t.movie_stats).where(t.movie_stats.c.movie_id == any_(_IDS))
_EVENTS = select(t.events).where(t.events.c.position == any_(_POSITIONS))


def _mine(table: Table) -> Select[Any]:
    return select(table).where(table.c.user_id == bindparam("viewer"), table.c.movie_id == any_(_IDS))


_RATINGS, _FAVORITES, _WATCHLIST, _STATES = map(
    _mine, (t.ratings, t.favorites, t.watchlist, t.viewing_states)
)
_REASONS = (
    _mine(t.recommendation_reasons)
    .where(t.recommendation_reasons.c.algorithm == "BLEND")
    .order_by(t.recommendation_reasons.c.movie_id, t.recommendation_reasons.c.rank)
)


class Store:
    """The data of one request; `viewer` is who asks, None for a stranger."""

    def __init__(self, engine: AsyncEngine, viewer: UUID | None) -> None:
        self._engine = engine
        self.viewer = viewer
        self.movies = self._one(_MOVIES, "id")
        self.genres = self._many(_GENRES)
        self.cast = self._many(_CAST)
        self.stats = self._one(_STATS)
        self.ratings = self._one(_RATINGS, viewer=viewer)
        self.favorites = self._one(_FAVORITES, viewer=viewer)
        self.watchlist = self._one(_WATCHLIST, viewer=viewer)
        self.states = self._one(_STATES, viewer=viewer)
        self.reasons = self._many(_REASONS, viewer=viewer)
        self.events = DataLoader(load_fn=self._load_events)

    async def rows(self, statement: Select[Any], **values: Any) -> Sequence[AnyRow]:
        """Run a statement on a connection of the pool."""
        async with self._engine.connect() as conn:
            found: Sequence[AnyRow] = (await conn.execute(statement, values)).all()
            return found

    def _one(
        self, statement: Select[Any], key: str = "movie_id", **values: Any
    ) -> DataLoader[UUID, AnyRow | None]:
        async def load(ids: list[UUID]) -> list[AnyRow | None]:
            found = {getattr(row, key): row for row in await self.rows(statement, ids=ids, **values)}
            return [found.get(wanted) for wanted in ids]

        return DataLoader(load_fn=load)

    def _many(self, statement: Select[Any], **values: Any) -> DataLoader[UUID, list[AnyRow]]:
        async def load(ids: list[UUID]) -> list[list[AnyRow]]:
            found: defaultdict[UUID, list[AnyRow]] = defaultdict(list)
            for row in await self.rows(statement, ids=ids, **values):
                found[row.movie_id].append(row)
            return [found[wanted] for wanted in ids]

        return DataLoader(load_fn=load)

    async def _load_events(self, positions: list[int]) -> list[AnyRow | None]:
        found = {row.position: row for row in await self.rows(_EVENTS, positions=positions)}
        return [found.get(position) for position in positions]
