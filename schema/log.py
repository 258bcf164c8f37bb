"""The log and its projections, as operators and analysts see them, and a person their own part."""

from datetime import datetime

import strawberry

from projections.checkpoints import status_sql
from resolvers.ids import array, text, uuid_of
from resolvers.mapping import Embedded, Filter, Key, One, Page, Python
from resolvers.operations import handled_types
from schema.enums import ProjectionState
from schema.fields import column, connection, mapped
from schema.movies import Movie
from schema.nodes import Node
from schema.scalars import Data, Position

STATUSES = f"({status_sql()})"


@strawberry.type(description="Something that happened: an immutable fact of the log.")
class Event(Node):
    id: strawberry.ID = column("'Event:' || {t}.position", "The global id.")
    position: Position = column("{t}.position", "Its place in the log.")
    type: str = column("{t}.type", "What happened, such as “movie_rated”.")
    occurred_at: datetime = column("{t}.occurred_at", "When it happened.")
    recorded_at: datetime = column("{t}.recorded_at", "When the log took it.")
    source: str = column("{t}.source", "Where it came from: web, mobile, email, push, import or system.")
    schema_version: int = column("{t}.schema_version", "The version of its shape.")
    correlation_id: strawberry.ID = column(
        "{t}.correlation_id", "Shared by all events of one command or import."
    )
    user_id: strawberry.ID | None = column("'User:' || {t}.user_id", "Who did it.")
    movie_id: strawberry.ID | None = column("'Movie:' || {t}.movie_id", "The movie it is about.")
    data: Data = column("{t}.data", "Its values.")

    @mapped(One("movies", of="{parent}.movie_id"), "The movie it is about.")
    def movie(self) -> Movie | None: ...


_EVENT = One("events", of="{parent}.position", key="position")


@strawberry.type(description="An event in a list.")
class EventEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(_EVENT, "The event.")
    def node(self) -> Event | None: ...


EventConnection = connection("Event", EventEdge, Event, "Events of the log.")


@strawberry.type(description="How much of the log a projection has not folded yet.")
class ProjectionLag:
    events: int = column("{t}.lag_events", "Events; counted up to 100,000.")
    seconds: float = column("{t}.lag_seconds", "Seconds since the oldest of them was recorded.")


@strawberry.type(description="A read table and how far it has folded the log.")
class Projection:
    id: strawberry.ID = column("'Projection:' || {t}.name", "What caches may know it by.")
    name: str = column("{t}.name", "The name: of the table, too.")
    version: int = column("{t}.version", "The version of its fold that is deployed.")
    status: ProjectionState = column("upper({t}.status)", "Whether it can be relied on.")
    is_inline: bool = column("{t}.inline", "Whether it is folded in the transaction of each append.")
    position: Position = column("{t}.position", "The last position that it has folded.")
    dead_letters: int = column(
        "{t}.dead_letters", "Events that its fold could not take, parked for an operator."
    )
    progress: Data | None = column("{t}.progress", "How far a rebuild is: step, events, total, rate, eta_s.")
    updated_at: datetime = column("{t}.updated_at", "When its checkpoint last moved.")

    @mapped(Embedded(), "How much of the log it has not folded yet.")
    def lag(self) -> ProjectionLag: ...

    @mapped(Python({"name": "{t}.name"}, handled_types), "The types of events that it folds.")
    def handles(self) -> list[str] | None: ...


@strawberry.input(description="Which events of the log.")
class EventFilter:
    types: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Events of any of these types."
    )
    user_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="What this person did."
    )
    movie_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="What is about this movie."
    )
    sources: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Events from any of these sources."
    )
    after_position: Position | None = strawberry.field(
        default=strawberry.UNSET, description="Events above this position."
    )
    up_to_position: Position | None = strawberry.field(
        default=strawberry.UNSET, description="Events up to this position."
    )
    occurred_from: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Happened then or later."
    )
    occurred_before: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Happened earlier."
    )


_NEWEST = (Key("{t}.position", "bigint", descending=True),)
EVENTS = Page(
    "events",
    columns=("position",),
    orders={None: _NEWEST, "NEWEST": _NEWEST, "OLDEST": (Key("{t}.position", "bigint"),)},
    filters={
        "filter.types": Filter("{t}.type = any ({value})", "text[]", array(text)),
        "filter.userId": Filter("{t}.user_id = {value}", "uuid", uuid_of("User")),
        "filter.movieId": Filter("{t}.movie_id = {value}", "uuid", uuid_of("Movie")),
        "filter.sources": Filter("{t}.source = any ({value})", "text[]", array(text)),
        "filter.afterPosition": Filter("{t}.position > {value}", "bigint", str),
        "filter.upToPosition": Filter("{t}.position <= {value}", "bigint", str),
        "filter.occurredFrom": Filter("{t}.occurred_at >= {value}", "timestamptz", str),
        "filter.occurredBefore": Filter("{t}.occurred_at < {value}", "timestamptz", str),
    },
)
