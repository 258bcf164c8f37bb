"""The enums of the schema; those of the domain are registered under the names that clients know them by."""

from enum import Enum

import strawberry

from accounts.devices import Platform
from accounts.profiles import Privacy
from events.activity import Action
from events.follows import FollowStatus
from events.lists import ListVisibility
from events.notifications import Channel as NotificationChannel
from events.notifications import FailureReason, NotificationKind, NotificationStatus
from events.pair import Audience, Feedback, Priority, Reaction, Status
from events.slates import Algorithm
from notifications.suppressions import SuppressionReason

strawberry.enum(Reaction, description="How much a person liked a movie.")
strawberry.enum(Priority, name="WatchlistPriority", description="How soon a person wants to see a movie.")
strawberry.enum(
    Status, name="WatchStatus", description="Where a movie stands for a person: the last action decides."
)
strawberry.enum(
    Feedback,
    name="FeedbackType",
    description="What a person says of having been recommended a movie; the last two set its status, too.",
)
strawberry.enum(Audience, description="Who may read something: everybody, followers, or only its author.")
strawberry.enum(
    ListVisibility,
    description="Who may see a list: everybody, followers, who has its link, or only who works on it.",
)
strawberry.enum(FollowStatus, description="How far it is between a person and whom they follow.")
strawberry.enum(Privacy, description="To whom a person shows what they say of themself.")
strawberry.enum(Platform, name="DevicePlatform", description="What a device is.")
strawberry.enum(Algorithm, description="What recommends.")
strawberry.enum(Action, name="ActivityAction", description="What somebody did.")
strawberry.enum(NotificationKind, description="What a message is about.")
strawberry.enum(NotificationChannel, name="NotificationChannel", description="How a message goes.")
strawberry.enum(NotificationStatus, description="How far a message came, in this order; FAILED is an end.")
strawberry.enum(FailureReason, description="Why a message reaches nobody.")
strawberry.enum(SuppressionReason, description="Why an address gets no e-mail.")


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


@strawberry.enum(
    description="How wide an image is, in pixels; posters come from 92 to 780, wide pictures from 300 to 1280."
)
class ImageSize(Enum):
    W92 = "W92"
    W154 = "W154"
    W185 = "W185"
    W300 = "W300"
    W342 = "W342"
    W500 = "W500"
    W780 = "W780"
    W1280 = "W1280"
    ORIGINAL = "ORIGINAL"


@strawberry.enum(description="How stars are told as a number.")
class ScoreFormat(Enum):
    STARS_5 = strawberry.enum_value("STARS_5", description="Whole stars, 1 to 5; half ones are rounded up.")
    HALF_STARS = strawberry.enum_value("HALF_STARS", description="Stars as they were given: 0.5 to 5.")
    POINT_10 = strawberry.enum_value("POINT_10", description="1 to 10: two for each star.")
    POINT_100 = strawberry.enum_value("POINT_100", description="10 to 100, in tens: twenty for each star.")


@strawberry.enum(description="What of the catalogue comes first.")
class MovieOrder(Enum):
    TITLE = strawberry.enum_value("TITLE", description="By title.")
    NEWEST = strawberry.enum_value("NEWEST", description="The newest year of release.")
    RELEASE_DATE = strawberry.enum_value("RELEASE_DATE", description="The newest day of release.")
    ADDED = strawberry.enum_value("ADDED", description="What came into the catalogue last.")
    POPULAR = strawberry.enum_value("POPULAR", description="The most liked and rated here.")
    STARS = strawberry.enum_value("STARS", description="The highest mean of the stars given here.")
    LIKES = strawberry.enum_value("LIKES", description="The most liked here.")
    VIEWS = strawberry.enum_value("VIEWS", description="The most opened here.")
    POPULARITY = strawberry.enum_value("POPULARITY", description="What most are busy with elsewhere.")
    RATING = strawberry.enum_value("RATING", description="The highest `rating`.")
    VOTES = strawberry.enum_value("VOTES", description="The highest `voteCount`.")
    RELEVANCE = strawberry.enum_value("RELEVANCE", description="What fits `search` best.")


@strawberry.enum(description="The newest entry first, or the most urgent first.")
class WatchlistOrder(Enum):
    ADDED = "ADDED"
    PRIORITY = "PRIORITY"


@strawberry.enum(description="What a person is to a list; INVITED may read it, and join.")
class ListRole(Enum):
    OWNER = "OWNER"
    JOINED = "JOINED"
    INVITED = "INVITED"


@strawberry.enum(description="What a person did with a movie, or that they made a list.")
class FeedItemType(Enum):
    RATED = "RATED"
    REACTED = "REACTED"
    FAVORITED = "FAVORITED"
    WATCHED = "WATCHED"
    REVIEWED = "REVIEWED"
    LISTED = "LISTED"


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


@strawberry.enum(description="What to do where an export says something else than what holds here.")
class ImportConflicts(Enum):
    KEEP = strawberry.enum_value("KEEP", description="Keep what was said here.")
    REPLACE = strawberry.enum_value("REPLACE", description="Take what the export says.")


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
    "Audience",
    "EventOrder",
    "EventSource",
    "FailureReason",
    "FeedItemType",
    "Feedback",
    "FollowStatus",
    "GroupStrategy",
    "ImageSize",
    "ImportConflicts",
    "ListRole",
    "ListVisibility",
    "MovieOrder",
    "NotificationChannel",
    "NotificationKind",
    "NotificationStatus",
    "Platform",
    "Priority",
    "Privacy",
    "ProjectionState",
    "Reaction",
    "RecordedAction",
    "ScoreFormat",
    "Status",
    "SuppressionReason",
    "TrendingWindow",
    "WatchlistOrder",
]


@strawberry.enum(description="What it takes to see a movie with a provider.")
class OfferKind(Enum):
    SUBSCRIPTION = "SUBSCRIPTION"
    FREE = "FREE"
    ADS = strawberry.enum_value("ADS", description="It is free, with advertisements in it.")
    RENT = "RENT"
    BUY = "BUY"
