"""What can be asked."""

import strawberry

from resolvers.ids import array, enum_name, imdb_id, integer, node_key, text, uuid_of, words
from resolvers.mapping import Filter, Key, Lookup, Many, Nodes, NodeTable, One, Page
from resolvers.recommendations import BY_RANK, FOR_ALL, ONBOARDING
from schema.activity import ALL, ActivityConnection, ActivityFilter
from schema.enums import EventOrder, GroupStrategy, MovieOrder, TrendingWindow
from schema.fields import mapped
from schema.log import EVENTS, STATUSES, EventConnection, EventFilter, Projection
from schema.movie_lists import (
    GroupRecommendationConnection,
    MovieConnection,
    OnboardingConnection,
    TrendingConnection,
)
from schema.movies import Genre, Movie
from schema.nodes import Node
from schema.people import User


@strawberry.input(one_of=True, description="Which movie: exactly one of its ids.")
class MovieLookup:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    database_id: int | None = strawberry.field(default=strawberry.UNSET, description="The whole number.")
    tmdb_id: int | None = strawberry.field(
        default=strawberry.UNSET, description="The id at The Movie Database."
    )
    imdb_id: str | None = strawberry.field(default=strawberry.UNSET, description="The id at IMDb.")


@strawberry.input(description="Which movies of the catalogue; all conditions must hold.")
class MovieFilter:
    genre: str | None = strawberry.field(
        default=strawberry.UNSET, description="Has this genre, by name or slug."
    )
    genre_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Has any of these genres."
    )
    released_from: int | None = strawberry.field(
        default=strawberry.UNSET, description="Released in this year or later."
    )
    released_to: int | None = strawberry.field(
        default=strawberry.UNSET, description="Released in this year or before."
    )
    max_runtime_minutes: int | None = strawberry.field(
        default=strawberry.UNSET, description="Runs no longer."
    )
    original_language: str | None = strawberry.field(
        default=strawberry.UNSET, description="Its language, ISO 639-1."
    )
    minimum_stars: float | None = strawberry.field(
        default=strawberry.UNSET, description="The mean of its stars is at least this."
    )


_STAT = "coalesce((select s.{column} from movie_stats s where s.movie_id = {t}.id), 0)"
_BY_ID = Key("{t}.id", "uuid")
_TITLE = (Key("{t}.title", "text"), _BY_ID)
_POPULARITY = Key(_STAT.replace("{column}", "like_count + s.rating_count"), "bigint", descending=True)
_GENRE = "exists (select from movie_genres mg {join} where mg.movie_id = {t}.id and {match})"

_MOVIES = Page(
    "movies",
    columns=("id",),
    orders={
        None: _TITLE,
        "TITLE": _TITLE,
        "NEWEST": (Key("coalesce({t}.release_year, 0)::bigint", "bigint", descending=True), _BY_ID),
        "POPULAR": (_POPULARITY, _BY_ID),
    },
    filters={
        "search": Filter("{t}.search @@ to_tsquery('simple', {value})", "text", words),
        "filter.genre": Filter(
            _GENRE.replace("{join}", "join genres g on g.id = mg.genre_id").replace(
                "{match}", "(g.slug = lower({value}) or lower(g.name) = lower({value}))"
            ),
            "text",
            text,
        ),
        "filter.genreIds": Filter(
            _GENRE.replace("{join}", "").replace("{match}", "mg.genre_id = any ({value})"),
            "uuid[]",
            array(uuid_of("Genre")),
        ),
        "filter.releasedFrom": Filter("{t}.release_year >= {value}", "int", integer),
        "filter.releasedTo": Filter("{t}.release_year <= {value}", "int", integer),
        "filter.maxRuntimeMinutes": Filter("{t}.runtime_minutes <= {value}", "int", integer),
        "filter.originalLanguage": Filter("{t}.original_language = lower({value})", "text", text),
        "filter.minimumStars": Filter(
            "exists (select from movie_stats s where s.movie_id = {t}.id and s.rating_count > 0"
            " and s.half_stars_sum >= 2 * {value} * s.rating_count)",
            "float8",
            str,
        ),
    },
)

_NODES = {
    "Movie": NodeTable("movies", "id", "uuid", node_key("Movie", "uuid")),
    "Genre": NodeTable("genres", "id", "uuid", node_key("Genre", "uuid")),
    "User": NodeTable("users", "id", "uuid", node_key("User", "uuid"), where="{t}.id = {viewer}"),
    "Event": NodeTable(
        "events", "position", "bigint", node_key("Event", "bigint"), where="{t}.user_id = {viewer}"
    ),
}

_PUBLIC_S = 10
"""How long caches may keep what is the same for everybody; the numbers in it are some moments behind anyway."""


@strawberry.type(description="What can be asked.")
class Query:
    @mapped(
        Lookup(
            "movies",
            "by",
            {
                "id": Filter("{t}.id = {value}", "uuid", uuid_of("Movie")),
                "databaseId": Filter("{t}.database_id = {value}", "int", integer),
                "tmdbId": Filter("{t}.tmdb_id = {value}", "int", integer),
                "imdbId": Filter("{t}.imdb_id = {value}", "text", imdb_id),
            },
        ),
        "A movie by any of its ids; null when there is none.",
        max_age_s=_PUBLIC_S,
    )
    def movie(self, by: MovieLookup) -> Movie | None: ...

    @mapped(_MOVIES, "The catalogue: searched, filtered, ordered.", max_age_s=_PUBLIC_S)
    def movies(
        self,
        search: str | None = None,
        filter: MovieFilter | None = None,  # noqa: A002
        order_by: MovieOrder | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> MovieConnection | None: ...

    @mapped(Many("genres {t}", order="{t}.name", table="genres"), "All genres, by name.", max_age_s=_PUBLIC_S)
    def genres(self) -> list[Genre]: ...

    @mapped(Nodes(_NODES), "Any object by its global id; null when there is none that the viewer may see.")
    def node(self, id: strawberry.ID) -> Node | None: ...  # noqa: A002

    @mapped(
        Nodes(_NODES, plural=True), "Objects by their global ids, in that order, null where there is none."
    )
    def nodes(self, ids: list[strawberry.ID]) -> list[Node | None]: ...

    @mapped(One("users", of="{viewer}"), "Who asks; null for a stranger.")
    def viewer(self) -> User | None: ...

    @mapped(
        Page(
            "trending",
            where="{t}.score > 0",
            columns=("movie_id", "score"),
            orders={None: (Key("{t}.score", "bigint", descending=True), Key("{t}.movie_id", "uuid"))},
            filters={"window": Filter("{t}.win = {value}", "text", enum_name)},
        ),
        "What people are busy with now.",
        max_age_s=_PUBLIC_S,
    )
    def trending(
        self,
        window: TrendingWindow = TrendingWindow.WEEK,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> TrendingConnection | None: ...

    @mapped(
        Page(ONBOARDING, columns=("movie_id", "rank"), orders={None: BY_RANK}),
        "Movies whose reactions tell most about a newcomer, in the order in which to ask for them.",
    )
    def onboarding(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> OnboardingConnection | None: ...

    @mapped(
        Page(FOR_ALL, columns=tuple(FOR_ALL.columns), orders={None: BY_RANK}),
        "Movies for the viewer and others together, 10 people at most; nothing that anyone of them knows or dislikes.",
    )
    def group_recommendations(
        self,
        user_ids: list[strawberry.ID],
        strategy: GroupStrategy = GroupStrategy.AVERAGE,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> GroupRecommendationConnection | None: ...

    @mapped(Many(f"{STATUSES} {{t}}", order="{t}.name"), "Every projection (operators).", role="operator")
    def projections(self) -> list[Projection] | None: ...

    @mapped(ALL, "What people and visitors did that is no event of the log (analysts).", role="analyst")
    def activity(
        self,
        filter: ActivityFilter | None = None,  # noqa: A002
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ActivityConnection | None: ...

    @mapped(EVENTS, "The event log (analysts).", role="analyst")
    def events(
        self,
        filter: EventFilter | None = None,  # noqa: A002
        order_by: EventOrder | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> EventConnection | None: ...
