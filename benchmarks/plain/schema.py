"""What can be asked."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy import ColumnElement, Select, exists, func, literal_column, select
from strawberry import Private
from strawberry.extensions import ParserCache, ValidationCache

from benchmarks.plain import tables as t
from benchmarks.plain.lists import Order, page
from benchmarks.plain.movies import Info, Movie, MovieConnection, Node, as_movie, movie
from benchmarks.plain.shelf import User

_WORD = re.compile(r"\w+")


@strawberry.enum
class MovieOrder(Enum):
    TITLE = "TITLE"
    NEWEST = "NEWEST"
    POPULAR = "POPULAR"


@strawberry.enum
class TrendingWindow(Enum):
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    ALL = "ALL"


@strawberry.input(one_of=True)
class MovieLookup:
    id: strawberry.ID | None = strawberry.UNSET
    database_id: int | None = strawberry.UNSET
    tmdb_id: int | None = strawberry.UNSET
    imdb_id: str | None = strawberry.UNSET


@strawberry.input
class MovieFilter:
    genre: str | None = None
    released_from: int | None = None
    released_to: int | None = None


@strawberry.type
class TrendingEdge:
    movie_id: Private[UUID]

    @strawberry.field
    async def node(self, info: Info) -> Movie | None:
        return await movie(info, self.movie_id)


@strawberry.type
class TrendingConnection:
    edges: list[TrendingEdge]


def _stat(column: ColumnElement[Any]) -> ColumnElement[Any]:
    of_movie = select(column).where(t.movie_stats.c.movie_id == t.movies.c.id)
    return func.coalesce(of_movie.scalar_subquery(), literal_column("0"))


_ORDERS = {
    MovieOrder.TITLE: Order("TITLE", (t.movies.c.title, t.movies.c.id), (False, False), (str, UUID)),
    MovieOrder.NEWEST: Order(
        "NEWEST",
        (func.coalesce(t.movies.c.release_year, literal_column("0")), t.movies.c.id),
        (True, False),
        (int, UUID),
    ),
    MovieOrder.POPULAR: Order(
        "POPULAR",
        (_stat(t.movie_stats.c.like_count + t.movie_stats.c.rating_count), t.movies.c.id),
        (True, True),
        (int, UUID),
    ),
}
_ANYHOW = Order(
    "", *(getattr(_ORDERS[MovieOrder.TITLE], part) for part in ("columns", "descending", "parse"))
)


def _catalogue(search: str | None, filter_: MovieFilter | None) -> Select[Any]:
    wanted = select(*(column for column in t.movies.c if column.name != "search"))
    if search is not None:
        words = " & ".join(f"{word}:*" for word in _WORD.findall(search.lower())[:10])
        wanted = wanted.where(t.movies.c.search.op("@@")(func.to_tsquery("simple", words)))
    if filter_ and filter_.genre is not None:
        of_genre = t.movie_genres.join(t.genres, t.genres.c.id == t.movie_genres.c.genre_id)
        named = t.genres.c.slug == filter_.genre.lower()
        wanted = wanted.where(
            exists().select_from(of_genre).where(t.movie_genres.c.movie_id == t.movies.c.id, named)
        )
    if filter_ and filter_.released_from is not None:
        wanted = wanted.where(t.movies.c.release_year >= filter_.released_from)
    if filter_ and filter_.released_to is not None:
        wanted = wanted.where(t.movies.c.release_year <= filter_.released_to)
    return wanted


@strawberry.type
class Query:
    @strawberry.field
    async def movie(self, info: Info, by: MovieLookup) -> Movie | None:
        if by.id:
            return await movie(info, _key("Movie", by.id))
        columns = {"database_id": by.database_id, "tmdb_id": by.tmdb_id, "imdb_id": by.imdb_id}
        ((name, value),) = ((name, value) for name, value in columns.items() if value)
        rows = await info.context.rows(select(t.movies).where(t.movies.c[name] == value))
        return as_movie(rows[0]) if rows else None

    @strawberry.field
    async def movies(
        self,
        info: Info,
        search: str | None = None,
        filter: MovieFilter | None = None,  # noqa: A002
        order_by: MovieOrder | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> MovieConnection:
        order = _ORDERS[order_by] if order_by else _ANYHOW
        return MovieConnection(
            found=await page(info.context, _catalogue(search, filter), order, first, after)
        )

    @strawberry.field
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002
        return await movie(info, _key("Movie", id))

    @strawberry.field
    async def viewer(self, info: Info) -> User | None:
        rows = await info.context.rows(select(t.users).where(t.users.c.id == info.context.viewer))
        return User(id=strawberry.ID(f"User:{rows[0].id}"), username=rows[0].username) if rows else None

    @strawberry.field
    async def trending(
        self, info: Info, window: TrendingWindow = TrendingWindow.WEEK, first: int | None = None
    ) -> TrendingConnection:
        table = t.trending
        statement = select(table.c.movie_id).where(table.c.win == window.value, table.c.score > 0)
        ordered = statement.order_by(table.c.score.desc(), table.c.movie_id)
        rows = await info.context.rows(ordered.limit(20 if first is None else first))
        return TrendingConnection(edges=[TrendingEdge(movie_id=row.movie_id) for row in rows])


def _key(kind: str, given: str) -> UUID:
    name, _, key = given.partition(":")
    if name != kind:
        raise ValueError(f"not the id of a {kind}")
    return UUID(key)


SCHEMA = strawberry.Schema(query=Query, types=[Movie], extensions=[ParserCache, ValidationCache])
