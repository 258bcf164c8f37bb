"""Movies and lists of them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import strawberry
from sqlalchemy import select
from strawberry import Private

from benchmarks.plain import tables as t
from benchmarks.plain.lists import Found, size
from benchmarks.plain.store import AnyRow, Store

Info = strawberry.Info[Store, None]

POSTERS = "https://image.tmdb.org/t/p/w500"
PRIORITIES = ("", "LOW", "MEDIUM", "HIGH")


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Genre(Node):
    name: str
    slug: str


@strawberry.type
class CastMember:
    name: str
    character: str | None


@strawberry.type
class MovieStats:
    view_count: int = 0
    like_count: int = 0
    rating_count: int = 0
    average_stars: float | None = None


@strawberry.type
class WatchlistEntry:
    priority: str
    added_at: datetime


@strawberry.type
class ViewerState:
    movie_id: Private[UUID]

    @strawberry.field
    async def reaction(self, info: Info) -> str | None:
        row = await info.context.ratings.load(self.movie_id)
        return row.reaction if row else None

    @strawberry.field
    async def stars(self, info: Info) -> float | None:
        row = await info.context.ratings.load(self.movie_id)
        return row.half_stars / 2 if row and row.half_stars else None

    @strawberry.field
    async def is_favorite(self, info: Info) -> bool:
        row = await info.context.favorites.load(self.movie_id)
        return bool(row and row.is_active)

    @strawberry.field
    async def watchlist(self, info: Info) -> WatchlistEntry | None:
        row = await info.context.watchlist.load(self.movie_id)
        if row is None or not row.is_active:
            return None
        return WatchlistEntry(priority=PRIORITIES[row.urgency], added_at=row.added_at)

    @strawberry.field
    async def status(self, info: Info) -> str | None:
        row = await info.context.states.load(self.movie_id)
        return row.status if row else None

    @strawberry.field
    async def last_interaction_at(self, info: Info) -> datetime | None:
        row = await info.context.states.load(self.movie_id)
        return row.last_interaction_at if row else None


@strawberry.type
class SimilarMovieEdge:
    movie_id: Private[UUID]

    @strawberry.field
    async def node(self, info: Info) -> Movie | None:
        return await movie(info, self.movie_id)


@strawberry.type
class SimilarMovieConnection:
    edges: list[SimilarMovieEdge]


@strawberry.type
class Movie(Node):
    key: Private[UUID]
    database_id: int
    tmdb_id: int | None
    imdb_id: str | None
    title: str
    overview: str | None
    tagline: str | None
    release_year: int | None
    release_date: date | None
    runtime_minutes: int | None
    director: str | None
    original_language: str | None
    poster_url: str | None

    @strawberry.field
    async def genres(self, info: Info) -> list[Genre]:
        rows = await info.context.genres.load(self.key)
        return [Genre(id=strawberry.ID(f"Genre:{row.id}"), name=row.name, slug=row.slug) for row in rows]

    @strawberry.field
    async def cast(self, info: Info) -> list[CastMember]:
        return [
            CastMember(name=row.name, character=row.character)
            for row in await info.context.cast.load(self.key)
        ]

    @strawberry.field
    async def stats(self, info: Info) -> MovieStats:
        row = await info.context.stats.load(self.key)
        if row is None:
            return MovieStats()
        given = row.rating_count  # the mean is rounded to hundredths, halves up
        mean = (row.half_stars_sum * 100 + given) // (2 * given) / 100 if given else None
        return MovieStats(
            view_count=row.view_count,
            like_count=row.like_count,
            rating_count=given,
            average_stars=mean,
        )

    @strawberry.field
    def viewer_state(self, info: Info) -> ViewerState | None:
        return ViewerState(movie_id=self.key) if info.context.viewer else None

    @strawberry.field
    async def similar(self, info: Info, first: int | None = None) -> SimilarMovieConnection:
        table = t.similar_movies
        statement = select(table.c.similar_id).where(table.c.movie_id == self.key).order_by(table.c.rank)
        rows = await info.context.rows(statement.limit(20 if first is None else first))
        return SimilarMovieConnection(edges=[SimilarMovieEdge(movie_id=row.similar_id) for row in rows])


def as_movie(row: AnyRow) -> Movie:
    """Return a row of the table as a movie."""
    return Movie(
        id=strawberry.ID(f"Movie:{row.id}"),
        key=row.id,
        database_id=row.database_id,
        tmdb_id=row.tmdb_id,
        imdb_id=row.imdb_id,
        title=row.title,
        overview=row.overview,
        tagline=row.tagline,
        release_year=row.release_year,
        release_date=row.release_date,
        runtime_minutes=row.runtime_minutes,
        director=row.director,
        original_language=row.original_language,
        poster_url=POSTERS + row.poster_path if row.poster_path else None,
    )


async def movie(info: Info, key: UUID | None) -> Movie | None:
    """Return the movie with a key, loaded with all others that are asked for at the same moment."""
    if key is None:
        return None
    row = await info.context.movies.load(key)
    return as_movie(row) if row else None


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Connection:
    """What all lists have in common; `edges` are a subclass's own."""

    found: Private[Found]

    @strawberry.field
    def page_info(self) -> PageInfo:
        found = self.found
        return PageInfo(
            has_next_page=found.more,
            has_previous_page=found.after is not None,
            start_cursor=found.cursor(found.rows[0]) if found.rows else None,
            end_cursor=found.cursor(found.rows[-1]) if found.rows else None,
        )

    @strawberry.field
    async def total_count(self, info: Info) -> int:
        return await size(info.context, self.found.everything)


@strawberry.type
class MovieEdge:
    cursor: str
    node: Movie | None


@strawberry.type
class MovieConnection(Connection):
    @strawberry.field
    def edges(self) -> list[MovieEdge]:
        found = self.found
        return [MovieEdge(cursor=found.cursor(row), node=as_movie(row)) for row in found.rows]
