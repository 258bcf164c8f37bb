"""What is on a person's own shelf."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy import Select, Table, select
from strawberry import Private

from benchmarks.plain import tables as t
from benchmarks.plain.lists import Order, page
from benchmarks.plain.movies import PRIORITIES, Connection, Info, Movie, Node, movie
from benchmarks.plain.store import AnyRow


@strawberry.enum
class WatchlistOrder(Enum):
    ADDED = "ADDED"
    PRIORITY = "PRIORITY"


@strawberry.type
class FavoriteEdge:
    movie_id: Private[UUID]
    favorited_at: datetime

    @strawberry.field
    async def node(self, info: Info) -> Movie | None:
        return await movie(info, self.movie_id)


@strawberry.type
class FavoriteConnection(Connection):
    @strawberry.field
    def edges(self) -> list[FavoriteEdge]:
        rows = self.found.rows
        return [FavoriteEdge(movie_id=row.movie_id, favorited_at=row.favorited_at) for row in rows]


@strawberry.type
class WatchlistEdge:
    movie_id: Private[UUID]
    priority: str
    added_at: datetime

    @strawberry.field
    async def node(self, info: Info) -> Movie | None:
        return await movie(info, self.movie_id)


@strawberry.type
class WatchlistConnection(Connection):
    @strawberry.field
    def edges(self) -> list[WatchlistEdge]:
        return [
            WatchlistEdge(movie_id=row.movie_id, priority=PRIORITIES[row.urgency], added_at=row.added_at)
            for row in self.found.rows
        ]


@strawberry.type
class RatingEdge:
    movie_id: Private[UUID]
    cursor: str
    reaction: str | None
    stars: float | None
    rated_at: datetime

    @strawberry.field
    async def node(self, info: Info) -> Movie | None:
        return await movie(info, self.movie_id)


@strawberry.type
class RatingConnection(Connection):
    @strawberry.field
    def edges(self) -> list[RatingEdge]:
        return [
            RatingEdge(
                movie_id=row.movie_id,
                cursor=self.found.cursor(row),
                reaction=row.reaction,
                stars=row.half_stars / 2 if row.half_stars else None,
                rated_at=row.rated_at,
            )
            for row in self.found.rows
        ]


@strawberry.type
class RecommendationReason:
    text: str
    movie_id: Private[UUID | None]

    @strawberry.field
    async def because(self, info: Info) -> Movie | None:
        return await movie(info, self.movie_id)


@strawberry.type
class RecommendationEdge:
    movie_id: Private[UUID]
    score: float
    algorithm: str

    @strawberry.field
    async def node(self, info: Info) -> Movie | None:
        return await movie(info, self.movie_id)

    @strawberry.field
    async def reasons(self, info: Info) -> list[RecommendationReason]:
        rows = await info.context.reasons.load(self.movie_id)
        return [RecommendationReason(text=row.text, movie_id=row.because_movie_id) for row in rows]


@strawberry.type
class RecommendationConnection:
    slate_id: str | None
    edges: list[RecommendationEdge]


@strawberry.type
class Event(Node):
    position: int
    type: str
    occurred_at: datetime
    movie_id: Private[UUID | None]

    @strawberry.field
    async def movie(self, info: Info) -> Movie | None:
        return await movie(info, self.movie_id)


@strawberry.type
class EventEdge:
    position: Private[int]

    @strawberry.field
    async def node(self, info: Info) -> Event | None:
        row = await info.context.events.load(self.position)
        return _as_event(row) if row else None


@strawberry.type
class EventConnection(Connection):
    @strawberry.field
    def edges(self) -> list[EventEdge]:
        return [EventEdge(position=row.position) for row in self.found.rows]


def _as_event(row: AnyRow) -> Event:
    return Event(
        id=strawberry.ID(f"Event:{row.position}"),
        position=row.position,
        type=row.type,
        occurred_at=row.occurred_at,
        movie_id=row.movie_id,
    )


def _newest(table: Table) -> Order:
    return Order("", (table.c.position,), (True,), (int,))


def _of_viewer(table: Table, info: Info) -> Select[Any]:
    return select(table).where(table.c.user_id == info.context.viewer)


_URGENT = Order("PRIORITY", (t.watchlist.c.urgency, t.watchlist.c.position), (True, True), (int, int))


@strawberry.type
class User(Node):
    username: str

    @strawberry.field
    async def favorites(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> FavoriteConnection:
        wanted = _of_viewer(t.favorites, info).where(t.favorites.c.is_active)
        return FavoriteConnection(found=await page(info.context, wanted, _newest(t.favorites), first, after))

    @strawberry.field
    async def watchlist(
        self,
        info: Info,
        order_by: WatchlistOrder | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> WatchlistConnection:
        wanted = _of_viewer(t.watchlist, info).where(t.watchlist.c.is_active)
        order = _URGENT if order_by is WatchlistOrder.PRIORITY else _newest(t.watchlist)
        return WatchlistConnection(found=await page(info.context, wanted, order, first, after))

    @strawberry.field
    async def ratings(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> RatingConnection:
        given = t.ratings.c.reaction.is_not(None) | t.ratings.c.half_stars.is_not(None)
        wanted = _of_viewer(t.ratings, info).where(given)
        return RatingConnection(found=await page(info.context, wanted, _newest(t.ratings), first, after))

    @strawberry.field
    async def history(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> EventConnection:
        wanted = _of_viewer(t.history, info)
        return EventConnection(found=await page(info.context, wanted, _newest(t.history), first, after))

    @strawberry.field
    async def stored_recommendations(self, info: Info, first: int | None = None) -> RecommendationConnection:
        table = t.user_recommendations
        statement = _of_viewer(table, info).where(table.c.algorithm == "BLEND").order_by(table.c.rank)
        rows = await info.context.rows(statement.limit(20 if first is None else first))
        edges = [
            RecommendationEdge(movie_id=row.movie_id, score=row.score, algorithm=row.algorithm)
            for row in rows
        ]
        return RecommendationConnection(slate_id=str(rows[0].slate_id) if rows else None, edges=edges)
