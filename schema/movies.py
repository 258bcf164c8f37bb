"""Movies as clients see them."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from projections.audiences import READABLE
from projections.popularity_metrics import COUNTS
from resolvers.mapping import Embedded, Key, Many, One, Page
from schema.copies import Copied
from schema.enums import ImageSize
from schema.fields import column, mapped
from schema.movie_facts import (
    Artist,
    CastMember,
    Certification,
    ExternalRating,
    MovieTranslation,
    image,
    localized,
)
from schema.nodes import Node
from schema.viewer_states import ViewerState

if TYPE_CHECKING:
    from schema.log import EventConnection
    from schema.movie_lists import DailyMetricsConnection, SimilarMovieConnection
    from schema.reviews import ReviewConnection


@strawberry.type(description="A genre of movies.")
class Genre(Node):
    id: strawberry.ID = column("'Genre:' || {t}.id", "The global id.")
    database_id: int = column("{t}.database_id", "A whole number that never changes.")
    tmdb_id: int | None = column("{t}.tmdb_id", "The id at The Movie Database.")
    name: str = column("{t}.name", "The name, such as “Sci-Fi”.")
    slug: str = column("{t}.slug", "The name as it stands in addresses, such as “sci-fi”.")


@strawberry.type(description="What everybody together did with a movie; a few moments behind.")
class MovieStats:
    view_count: int = column("coalesce({t}.view_count, 0)", "How often its page was opened, by visitors too.")
    like_count: int = column("coalesce({t}.like_count, 0)", "People whose reaction is LIKE or SUPER_LIKE.")
    dislike_count: int = column("coalesce({t}.dislike_count, 0)", "People whose reaction is DISLIKE.")
    rating_count: int = column("coalesce({t}.rating_count, 0)", "People who gave stars.")
    average_stars: float | None = column(
        "round({t}.half_stars_sum / 2.0 / nullif({t}.rating_count, 0), 2)::float8",
        "The mean of the stars, 0.5 to 5, rounded to two places; null without any.",
    )
    favorite_count: int = column("coalesce({t}.favorite_count, 0)", "People whose favourite it is.")
    watchlist_count: int = column("coalesce({t}.watchlist_count, 0)", "People on whose watchlist it is.")
    watch_count: int = column(
        "coalesce({t}.watch_count, 0)", "How often it was watched, re-watching included."
    )


@strawberry.type(description="What happened to a movie on one day (UTC).")
class DailyMetrics:
    day: date = column("{t}.day", "The day.")
    view_count: int = column(
        "{t}.view_count + {t}.visitor_view_count", "Page views, those of visitors among them."
    )
    visitor_view_count: int = column("{t}.visitor_view_count", "Page views of people who were not signed in.")
    like_count: int = column("{t}.like_count", "Reactions LIKE and SUPER_LIKE.")
    rating_count: int = column("{t}.rating_count", "Ratings given or changed.")
    average_stars: float | None = column(
        "round({t}.half_stars_sum / 2.0 / nullif({t}.rating_count, 0), 2)::float8",
        "The mean of the day's stars.",
    )
    favorite_count: int = column("{t}.favorite_count", "Times it was made a favourite.")
    watchlist_count: int = column("{t}.watchlist_count", "Times it was put on a watchlist.")
    watch_count: int = column("{t}.watch_count", "Times it was watched.")
    recommendation_count: int = column("{t}.recommendation_count", "Times it was recommended.")
    click_count: int = column("{t}.click_count", "Times it was opened where it was recommended.")
    click_through_rate: float | None = column(
        "round({t}.click_count / nullif({t}.recommendation_count, 0)::numeric, 4)::float8",
        "Clicks by recommendations of the day, to four places; null where it was not recommended.",
    )


def _of(table: str, *order: str) -> Many:
    by = ", ".join(f"{{t}}.{name}" for name in order)
    return Many(f"{table} {{t}}", key="{t}.movie_id", of="{parent}.id", order=by, table=table)


_STATS = "(select m.id as of_movie, s.* from movies m left join movie_stats s on s.movie_id = m.id)"


@strawberry.type(description="A movie.")
class Movie(Copied, Node):
    id: strawberry.ID = column("'Movie:' || {t}.id", "The global id.")
    database_id: int = column("{t}.database_id", "A whole number that never changes.")
    tmdb_id: int | None = column("{t}.tmdb_id", "The id at The Movie Database.")
    imdb_id: str | None = column("{t}.imdb_id", "The id at IMDb, such as “tt0114709”.")
    slug: str = column(
        "concat_ws('-', nullif(btrim(left(regexp_replace(plain_text({t}.title), '[^a-z0-9]+', '-', 'g'), 80), '-'), ''),"
        " {t}.database_id)",
        "For addresses, such as toy-story-17: the title and `databaseId`. An old one, of another title, still finds it.",
    )
    original_title: str | None = column("{t}.original_title", "The title in the original language.")
    release_year: int | None = column("{t}.release_year", "The year of its release.")
    release_date: date | None = column("{t}.release_date", "The day of its release.")
    runtime_minutes: int | None = column("{t}.runtime_minutes", "How long it runs, in minutes.")
    director: str | None = column("{t}.director", "Who directed it.")
    original_language: str | None = column("{t}.original_language", "The original language, ISO 639-1.")
    languages: list[str] = column("{t}.languages", "The languages that are spoken in it, ISO 639-1.")
    countries: list[str] = column("{t}.countries", "The countries that it comes from, ISO 3166-1.")
    adult: bool = column("{t}.adult", "Whether it is for adults only.")
    rating: float | None = column(
        "{t}.rating::float8", "What people elsewhere think of it, to 10: of the source with the most votes."
    )
    vote_count: int = column("{t}.vote_count", "How many people that is.")
    popularity: float = column("{t}.popularity", "How many people elsewhere are busy with it; 0 if unknown.")

    @mapped(localized("title", "{t}.original_title"), "The title; given a locale, the nearest that is known.")
    def title(self, locale: str | None = None) -> str: ...

    @mapped(localized("overview"), "What it is about; given a locale, in the nearest that is known.")
    def overview(self, locale: str | None = None) -> str | None: ...

    @mapped(localized("tagline"), "Its tagline; given a locale, in the nearest that is known.")
    def tagline(self, locale: str | None = None) -> str | None: ...

    @mapped(localized("trailer_url"), "Where its trailer is; given a locale, in the nearest that is known.")
    def trailer_url(self, locale: str | None = None) -> str | None: ...

    @mapped(image("poster_path"), "Where its poster is.")
    def poster_url(self, size: ImageSize | None = None) -> str | None: ...

    @mapped(image("backdrop_path"), "Where a wide picture of it is.")
    def backdrop_url(self, size: ImageSize | None = None) -> str | None: ...

    @mapped(
        Many(
            "movie_genres mg join genres {t} on {t}.id = mg.genre_id",
            key="mg.movie_id",
            of="{parent}.id",
            order="mg.rank",
            table="genres",
            small=True,
        ),
        "Its genres, the main one first.",
    )
    def genres(self) -> list[Genre]: ...

    @mapped(
        Many(
            "movie_credits {t}",
            key="{t}.movie_id",
            of="{parent}.id",
            where="{t}.job = 'ACTOR'",
            order="{t}.rank",
            table="movie_credits",
        ),
        "Who plays in it, the leads first.",
    )
    def cast(self) -> list[CastMember]: ...

    @mapped(
        Many(
            "movie_credits c join people {t} on {t}.id = c.person_id",
            key="c.movie_id",
            of="{parent}.id",
            where="c.job = 'DIRECTOR'",
            order="c.rank",
            table="people",
        ),
        "Who directed it.",
    )
    def directors(self) -> list[Artist]: ...

    @mapped(_of("movie_certifications", "country"), "Who may see it, by country.")
    def certifications(self) -> list[Certification]: ...

    @mapped(_of("movie_external_ratings", "source"), "What people elsewhere think of it, by source.")
    def external_ratings(self) -> list[ExternalRating]: ...

    @mapped(
        _of("movie_translations", "locale", "source"), "What is written of it in other languages, by locale."
    )
    def translations(self) -> list[MovieTranslation]: ...

    @mapped(One(_STATS, of="{parent}.id", key="of_movie"), "What everybody together did with it.")
    def stats(self) -> MovieStats: ...

    @mapped(Embedded(when="{viewer} is not null"), "Where it stands for the viewer; null for a stranger.")
    def viewer_state(self) -> ViewerState | None: ...

    @mapped(
        One("movies", of="{parent}.merged_into"),
        "The movie that this one turned out to be, which has what people said of it; null for all others.",
    )
    def merged_into(self) -> Annotated["Movie", strawberry.lazy("schema.movies")] | None: ...

    @mapped(
        Page(
            "similar_movies",
            where="{t}.movie_id = {parent}.id",
            columns=("similar_id", "score"),
            orders={None: (Key("{t}.rank", "bigint"),)},
        ),
        "Movies like this one, the most similar first.",
    )
    def similar(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Annotated["SimilarMovieConnection", strawberry.lazy("schema.movie_lists")] | None: ...

    @mapped(
        Page(
            "events",
            where="{t}.user_id = {viewer} and {t}.movie_id = {parent}.id",
            columns=("position",),
            orders={None: (Key("{t}.position", "bigint", descending=True),)},
        ),
        "What the viewer did with it, the newest first; empty for a stranger.",
    )
    def history(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Annotated["EventConnection", strawberry.lazy("schema.log")] | None: ...

    @mapped(
        Page(
            "reviews",
            where=f"{{t}}.movie_id = {{parent}}.id and {READABLE}",
            columns=("review_id",),
            orders={None: (Key("{t}.position", "bigint", descending=True),)},
        ),
        "Reviews that the viewer may read, the last written or changed first.",
    )
    def reviews(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Annotated["ReviewConnection", strawberry.lazy("schema.reviews")] | None: ...

    @mapped(
        Page(
            "popularity_metrics",
            where="{t}.movie_id = {parent}.id",
            columns=("day", *COUNTS),
            orders={None: (Key("{t}.day", "date", descending=True),)},
        ),
        "What happened to it day by day, the newest day first.",
    )
    def daily_metrics(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Annotated["DailyMetricsConnection", strawberry.lazy("schema.movie_lists")] | None: ...
