"""Movies as clients see them."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from projections.popularity_metrics import COUNTS
from resolvers.mapping import Embedded, Key, Many, One, Page
from schema.enums import Priority, Reaction, Status
from schema.fields import column, mapped
from schema.nodes import Node

if TYPE_CHECKING:
    from schema.movie_lists import DailyMetricsConnection, SimilarMovieConnection

PRIORITY = "(array['LOW', 'MEDIUM', 'HIGH'])[{t}.urgency]"


@strawberry.type(description="A genre of movies.")
class Genre(Node):
    id: strawberry.ID = column("'Genre:' || {t}.id", "The global id.")
    database_id: int = column("{t}.database_id", "A whole number that never changes.")
    name: str = column("{t}.name", "The name, such as “Sci-Fi”.")
    slug: str = column("{t}.slug", "The name as it stands in addresses, such as “sci-fi”.")


@strawberry.type(description="A part in a movie, and who plays it.")
class CastMember:
    name: str = column("{t}.name", "Who plays the part.")
    character: str | None = column("{t}.character", "The part.")


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


@strawberry.type(description="A movie's place on the viewer's watchlist.")
class WatchlistEntry:
    priority: Priority = column(PRIORITY, "How soon the viewer wants to see it.")
    added_at: datetime = column("{t}.added_at", "When it was put on the watchlist.")


_MINE = "from {table} s where s.user_id = {viewer} and s.movie_id = {t}.id"


def _mine(value: str, table: str) -> str:
    return f"(select {value} " + _MINE.replace("{table}", table) + ")"


@strawberry.type(description="Where a movie stands for the viewer.")
class ViewerState:
    reaction: Reaction | None = column(_mine("s.reaction", "ratings"), "The viewer's reaction.")
    stars: float | None = column(
        _mine("s.half_stars / 2.0::float8", "ratings"), "The viewer's stars, 0.5 to 5."
    )
    is_favorite: bool = column(
        f"coalesce({_mine('s.is_active', 'favorites')}, false)", "Whether it is a favourite."
    )
    status: Status | None = column(_mine("s.status", "viewing_states"), "Seen, later, or not interested.")
    watch_count: int = column(
        f"coalesce({_mine('s.watch_count', 'viewing_states')}, 0)", "How often it was watched."
    )
    last_watched_on: date | None = column(
        _mine("s.last_watched_on", "viewing_states"), "When it was last watched."
    )
    last_interaction_at: datetime | None = column(
        _mine("s.last_interaction_at", "viewing_states"), "When the viewer last did anything with it."
    )

    @mapped(
        One("watchlist", of="{parent}.id", key="movie_id", where="{t}.user_id = {viewer} and {t}.is_active"),
        "Its place on the watchlist, null when it is not on it.",
    )
    def watchlist(self) -> WatchlistEntry | None: ...


_STATS = "(select m.id as of_movie, s.* from movies m left join movie_stats s on s.movie_id = m.id)"


@strawberry.type(description="A movie.")
class Movie(Node):
    id: strawberry.ID = column("'Movie:' || {t}.id", "The global id.")
    database_id: int = column("{t}.database_id", "A whole number that never changes.")
    tmdb_id: int | None = column("{t}.tmdb_id", "The id at The Movie Database.")
    imdb_id: str | None = column("{t}.imdb_id", "The id at IMDb, such as “tt0114709”.")
    title: str = column("{t}.title", "The title.")
    original_title: str | None = column("{t}.original_title", "The title in the original language.")
    overview: str | None = column("{t}.overview", "What it is about.")
    tagline: str | None = column("{t}.tagline", "Its tagline.")
    release_year: int | None = column("{t}.release_year", "The year of its release.")
    release_date: date | None = column("{t}.release_date", "The day of its release.")
    runtime_minutes: int | None = column("{t}.runtime_minutes", "How long it runs, in minutes.")
    director: str | None = column("{t}.director", "Who directed it.")
    original_language: str | None = column("{t}.original_language", "The original language, ISO 639-1.")
    poster_url: str | None = column("{posters} || {t}.poster_path", "Where its poster is.")

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
        Many("movie_cast {t}", key="{t}.movie_id", of="{parent}.id", order="{t}.rank", table="movie_cast"),
        "Who plays in it, the leads first.",
    )
    def cast(self) -> list[CastMember]: ...

    @mapped(One(_STATS, of="{parent}.id", key="of_movie"), "What everybody together did with it.")
    def stats(self) -> MovieStats: ...

    @mapped(Embedded(when="{viewer} is not null"), "Where it stands for the viewer; null for a stranger.")
    def viewer_state(self) -> ViewerState | None: ...

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
