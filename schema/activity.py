"""What people and visitors do, as analysts see it, and a person their own part."""

from datetime import datetime

import strawberry

from resolvers.ids import array, bare_uuid, enum_name, uuid_of
from resolvers.mapping import Embedded, Filter, Key, One, Page
from schema.enums import Action
from schema.fields import column, connection, mapped
from schema.movies import Movie

_COLUMNS = ("id", "occurred_at", "action", "session_id", "user_id", "movie_id", "source")
_NEWEST = (Key("{t}.occurred_at", "timestamptz", descending=True), Key("{t}.id", "uuid", descending=True))


@strawberry.type(description="What is personal of an action; purged after some weeks.")
class ActivityDetails:
    phrase: str | None = column("{t}.phrase", "What was searched for.")
    address: str | None = column("{t}.address::text", "The network that it came from, /24 or /48.")
    user_agent: str | None = column("{t}.user_agent", "What the client calls itself.")
    referrer: str | None = column("{t}.referrer", "The page that led to it, without its query.")


@strawberry.type(description="Something that a person or a visitor did.")
class Activity:
    id: strawberry.ID = column("{t}.id", "Unique among all activity.")
    action: Action = column("{t}.action", "What was done.")
    occurred_at: datetime = column("{t}.occurred_at", "When.")
    source: str = column("{t}.source", "Where: web, mobile, email or push; import, of ratings that were.")
    session_id: strawberry.ID | None = column(
        "{t}.session_id", "The visit, or the sign-in; null for what is an event of the log."
    )
    user_id: strawberry.ID | None = column(
        "'User:' || {t}.user_id", "Who did it; null for a visitor who has not signed in."
    )
    movie_id: strawberry.ID | None = column("'Movie:' || {t}.movie_id", "The movie it is about.")

    @mapped(One("movies", of="{parent}.movie_id"), "The movie it is about.")
    def movie(self) -> Movie | None: ...

    @mapped(
        One("activity.details", of="{parent}.id", key="activity_id"),
        "What is personal of it; null when it was purged, or never kept.",
    )
    def details(self) -> ActivityDetails | None: ...


@strawberry.type(description="An action in a list.")
class ActivityEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(Embedded(), "The action.")
    def node(self) -> Activity: ...


ActivityConnection = connection("Activity", ActivityEdge, Activity, "What was done, the newest first.")


@strawberry.input(description="Which actions; all conditions must hold.")
class ActivityFilter:
    actions: list[Action] | None = strawberry.field(default=strawberry.UNSET, description="Any of these.")
    user_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="What this person did."
    )
    session_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="What was done in this visit or sign-in."
    )
    movie_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="What is about this movie."
    )
    occurred_from: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Happened then or later."
    )
    occurred_before: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Happened earlier."
    )


_FILTERS = {
    "filter.actions": Filter("{t}.action = any ({value})", "text[]", array(enum_name)),
    "filter.userId": Filter("{t}.user_id = {value}", "uuid", uuid_of("User")),
    "filter.sessionId": Filter("{t}.session_id = {value}", "uuid", bare_uuid),
    "filter.movieId": Filter("{t}.movie_id = {value}", "uuid", uuid_of("Movie")),
    "filter.occurredFrom": Filter("{t}.occurred_at >= {value}", "timestamptz", str),
    "filter.occurredBefore": Filter("{t}.occurred_at < {value}", "timestamptz", str),
}
OWN = Page(
    "activity.log",
    where="{t}.user_id = {viewer}",
    columns=_COLUMNS,
    orders={None: _NEWEST},
    filters={"actions": Filter("{t}.action = any ({value})", "text[]", array(enum_name))},
)
ALL = Page("activity.actions", columns=_COLUMNS, orders={None: _NEWEST}, filters=_FILTERS)
