"""What can be asked."""

import strawberry

from projections.audiences import LIST_LINKED, LIST_VISIBLE, READABLE
from resolvers.ids import enum_name, imdb_id, integer, node_key, slugged, text, uuid_of
from resolvers.mapping import Filter, Key, Lookup, Many, Nodes, NodeTable, One, Page
from resolvers.people import username_key
from resolvers.recommendations import BY_RANK, FOR_ALL, ONBOARDING
from schema.activity import ALL, ActivityConnection, ActivityFilter
from schema.catalogue import MOVIES, STANDING, MovieFilter
from schema.chat import CHAT_OWN, ChatQueries
from schema.enums import EventOrder, GroupStrategy, MovieOrder, TrendingWindow
from schema.fields import mapped
from schema.lists import ListLookup, MovieList
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
from schema.persons import SHOWN_PERSON, Person


@strawberry.input(one_of=True, description="Which movie: exactly one of its ids.")
class MovieLookup:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    database_id: int | None = strawberry.field(default=strawberry.UNSET, description="The whole number.")
    tmdb_id: int | None = strawberry.field(
        default=strawberry.UNSET, description="The id at The Movie Database."
    )
    imdb_id: str | None = strawberry.field(default=strawberry.UNSET, description="The id at IMDb.")
    slug: str | None = strawberry.field(
        default=strawberry.UNSET, description="The slug, of the title of now or of before."
    )


@strawberry.input(one_of=True, description="Which person: exactly one of what they are known by.")
class PersonLookup:
    user_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Their `userId`.")
    username: str | None = strawberry.field(
        default=strawberry.UNSET, description="Their username, in any case."
    )


_NODES = {
    "Movie": NodeTable("movies", "id", "uuid", node_key("Movie", "uuid")),
    "Genre": NodeTable("genres", "id", "uuid", node_key("Genre", "uuid")),
    "Artist": NodeTable("people", "id", "uuid", node_key("Artist", "uuid")),
    "List": NodeTable("lists", "list_id", "uuid", node_key("List", "uuid"), where=LIST_VISIBLE),
    "Review": NodeTable("reviews", "review_id", "uuid", node_key("Review", "uuid"), where=READABLE),
    "User": NodeTable("users", "id", "uuid", node_key("User", "uuid"), where="{t}.id = {viewer}"),
    "ChatSession": NodeTable("chat_sessions", "id", "uuid", node_key("ChatSession", "uuid"), where=CHAT_OWN),
    "ChatMessage": NodeTable("chat_messages", "id", "uuid", node_key("ChatMessage", "uuid"), where=CHAT_OWN),
    "Person": NodeTable("users", "id", "uuid", node_key("Person", "uuid"), where=SHOWN_PERSON),
    "Import": NodeTable(
        "imports",
        "id",
        "uuid",
        node_key("Import", "uuid"),
        where="{t}.user_id = {viewer} and ({t}.status <> 'PREVIEW' or {t}.expires_at > now())",
    ),
    "Event": NodeTable(
        "events", "position", "bigint", node_key("Event", "bigint"), where="{t}.user_id = {viewer}"
    ),
}

_PUBLIC_S = 10
"""How long caches may keep what is the same for everybody; the numbers in it are some moments behind anyway."""


@strawberry.type(description="What can be asked.")
class Query(ChatQueries):
    @mapped(
        Lookup(
            "movies",
            "by",
            {
                "id": Filter(STANDING.replace("{key}", "id"), "uuid", uuid_of("Movie")),
                "databaseId": Filter(STANDING.replace("{key}", "database_id"), "int", integer),
                "tmdbId": Filter("{t}.tmdb_id = {value}", "int", integer),
                "imdbId": Filter("{t}.imdb_id = {value}", "text", imdb_id),
                "slug": Filter(STANDING.replace("{key}", "database_id"), "int", slugged),
            },
        ),
        "A movie by any of its ids; null when there is none. One that was merged leads to the movie that it is.",
        max_age_s=_PUBLIC_S,
    )
    def movie(self, by: MovieLookup) -> Movie | None: ...

    @mapped(
        Lookup(
            "lists",
            "by",
            {
                "id": Filter(f"{{t}}.list_id = {{value}} and {LIST_VISIBLE}", "uuid", uuid_of("List")),
                "link": Filter(LIST_LINKED, "text", text),
            },
        ),
        "A list; null when there is none that the viewer may see.",
        name="list",
    )
    def movie_list(self, by: ListLookup) -> MovieList | None: ...

    @mapped(MOVIES, "The catalogue: searched, filtered, ordered.", max_age_s=_PUBLIC_S)
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
        Lookup(
            "users",
            "by",
            {
                "userId": Filter(f"{{t}}.id = {{value}} and {SHOWN_PERSON}", "uuid", uuid_of("User")),
                "username": Filter(
                    f"{{t}}.username_key = {{value}} and {SHOWN_PERSON}", "text", username_key
                ),
            },
        ),
        "A person as others see them; null when there is none, or none that shows themself to the viewer.",
    )
    def person(self, by: PersonLookup) -> Person | None: ...

    @mapped(
        Page(
            "trending",
            where="{t}.score > 0 and {t}.movie_id not in (select m.id from movies m where m.merged_into is not null)",
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
        "Movies for the viewer and others who show themselves, 10 people at most; nothing that anyone knows or dislikes.",
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
