"""The enums of the schema; those of the domain are registered under the names that clients know them by."""

from enum import Enum

import strawberry

from events.activity import Action
from events.pair import Priority, Reaction, Status
from events.slates import Algorithm

strawberry.enum(Reaction, description="How much a person liked a movie.")
strawberry.enum(Priority, name="WatchlistPriority", description="How soon a person wants to see a movie.")
strawberry.enum(
    Status, name="WatchStatus", description="Where a movie stands for a person: the last action decides."
)
strawberry.enum(Algorithm, description="What recommends.")
strawberry.enum(Action, name="ActivityAction", description="What somebody did.")


@strawberry.enum(description="How far back trending looks, from the newest day that the log knows.")
class TrendingWindow(Enum):
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    ALL = "ALL"


@strawberry.enum(
    description="What a movie is worth to several people: the mean of theirs, or what it is to whom it suits least."
)
class GroupStrategy(Enum):
    AVERAGE = "AVERAGE"
    LEAST_MISERY = "LEAST_MISERY"


@strawberry.enum(description="By title; the newest release first; the most liked and rated first.")
class MovieOrder(Enum):
    TITLE = "TITLE"
    NEWEST = "NEWEST"
    POPULAR = "POPULAR"


@strawberry.enum(description="The newest entry first, or the most urgent first.")
class WatchlistOrder(Enum):
    ADDED = "ADDED"
    PRIORITY = "PRIORITY"


@strawberry.enum(description="Which end of the log comes first.")
class EventOrder(Enum):
    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


@strawberry.enum(description="Whether a projection can be relied on.")
class ProjectionState(Enum):
    LIVE = "LIVE"
    STALE = "STALE"
    REBUILDING = "REBUILDING"
    FAILED = "FAILED"


@strawberry.enum(description="Where a person was when they acted.")
class EventSource(Enum):
    WEB = "web"
    MOBILE = "mobile"
    EMAIL = "email"
    PUSH = "push"


@strawberry.enum(description="What a client tells; ratings, favourites and watchlists tell of themselves.")
class RecordedAction(Enum):
    MOVIE_VIEW = "MOVIE_VIEW"
    MOVIE_SEARCH = "MOVIE_SEARCH"
    RECOMMENDATION_CLICK = "RECOMMENDATION_CLICK"
    EMAIL_OPEN = "EMAIL_OPEN"
    EMAIL_CLICK = "EMAIL_CLICK"
    PUSH_CLICK = "PUSH_CLICK"


__all__ = [
    "Action",
    "Algorithm",
    "EventOrder",
    "EventSource",
    "GroupStrategy",
    "MovieOrder",
    "Priority",
    "ProjectionState",
    "Reaction",
    "RecordedAction",
    "Status",
    "TrendingWindow",
    "WatchlistOrder",
]
