"""A person's diary: when they saw what."""

from datetime import date, datetime

import strawberry

from resolvers.mapping import Many, One
from schema.enums import Reaction, ScoreFormat
from schema.fields import column, connection, mapped
from schema.movies import Movie
from schema.scores import SCORE, score

_EARLIER = """
exists (select from diary d where d.user_id = {t}.user_id and d.movie_id = {t}.movie_id and d.is_active
           and (d.watched_on, d.position) < ({t}.watched_on, {t}.position))"""
YEARS = Many(
    """(select extract(year from d.watched_on)::integer as year, count(*) as watched,
               count(distinct d.movie_id) as movies, coalesce(sum(m.runtime_minutes), 0) as minutes,
               count(*) filter (where m.runtime_minutes is null) as unknown
          from diary d left join movies m on m.id = d.movie_id
         where d.user_id = {viewer} and d.is_active group by 1) {t}""",
    order="{t}.year desc",
    table={
        "year": "integer",
        "watched": "bigint",
        "movies": "bigint",
        "minutes": "bigint",
        "unknown": "bigint",
    },
)
"""What the viewer saw in each year."""


@strawberry.type(description="A viewing: a movie that the person saw on a day.")
class DiaryEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")
    viewing_id: strawberry.ID = column("'Viewing:' || {t}.viewing_id", "What to change or delete it by.")
    watched_on: date = column("{t}.watched_on", "The day that it was seen on.")
    is_rewatch: bool = column(_EARLIER, "Whether the diary has an earlier viewing of the movie.")
    stars: float | None = column("{t}.half_stars / 2.0::float8", "Stars that were given with it.")
    reaction: Reaction | None = column("{t}.reaction", "The reaction that was said with it.")
    logged_at: datetime = column("{t}.logged_at", "When it was put into the diary.")

    @mapped(score("{score}"), SCORE)
    def score(self, format: ScoreFormat | None = None) -> float | None: ...  # noqa: A002

    @mapped(One("movies", of="{parent}.movie_id"), "The movie.")
    def node(self) -> Movie | None: ...


@strawberry.type(description="What a person saw in one year.")
class DiaryYear:
    year: int = column("{t}.year", "The year.")
    watch_count: int = column("{t}.watched", "Viewings, re-watching included.")
    movie_count: int = column("{t}.movies", "Different movies.")
    rewatch_count: int = column(
        "{t}.watched - {t}.movies", "Viewings of movies that were seen in this year already."
    )
    hours: float = column(
        "round({t}.minutes / 60.0, 1)::float8", "Hours in front of them, by their runtimes."
    )
    unknown_runtime_count: int = column("{t}.unknown", "Viewings of movies whose runtime is not known.")


DiaryConnection = connection("Diary", DiaryEdge, Movie, "Viewings, the latest day first.")
