"""What is said of arguments, and of the values of enums that are the domain's: neither has a place of its own for it."""

from __future__ import annotations

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    get_named_type,
    is_introspection_type,
)

ARGUMENTS = {
    "first": "So many from the beginning, 100 at most; 20 where neither `first` nor `last` is given.",
    "after": "A cursor: only what comes behind it.",
    "last": "So many from the end, 100 at most; not together with `first`.",
    "before": "A cursor: only what comes ahead of it.",
    "locale": "A language, or language and region, such as fr or fr-CA.",
    "Import.entries.kind": "Only entries of this kind.",
    "Import.entries.outcome": "Only entries with this outcome.",
    "Movie.availability.country": "ISO 3166-1; all countries when left out.",
    "Query.groupRecommendations.userIds": "The others, by their `userId`.",
    "Query.movies.search": "Words of titles and overviews, in any language; slips are forgiven.",
    "Query.node.id": "The global id.",
    "Query.nodes.ids": "The global ids.",
    "Subscription.chatReplies.after": "The id of a message: answers to it, and to what came after it, come first.",
    "Subscription.chatReplies.sessionId": "The chat's global id.",
    "Subscription.interactions.after": "A position of the log: what was missed since comes first.",
    "User.activity.actions": "Any of these.",
    "User.diary.month": "Only viewings in this month, 1 to 12.",
    "User.diary.movieId": "Only viewings of this movie, by its global id.",
    "User.diary.year": "Only viewings in this year.",
    "User.ratings.reaction": "Only movies with this reaction.",
}
"""By name where it means the same everywhere, else by field. Others say what their input type or enum says."""

_ACTIONS = {
    "MOVIE_VIEW": "A movie's page was opened.",
    "MOVIE_SEARCH": "Movies were searched for.",
    "RECOMMENDATION_CLICK": "A recommended movie was opened.",
    "EMAIL_OPEN": "An e-mail was looked at.",
    "EMAIL_CLICK": "A link of an e-mail was followed.",
    "PUSH_CLICK": "A message of a browser or device was opened.",
}
_AUDIENCES = {
    "PUBLIC": "Everybody.",
    "FOLLOWERS": "Those who follow the person, and the person.",
    "PRIVATE": "The person alone.",
}
VALUES: dict[str, dict[str, str]] = {
    "ActivityAction": {
        **_ACTIONS,
        "RATING_SUBMIT": "A movie was given stars.",
        "FAVORITE_ADD": "A movie was made a favourite.",
        "WATCHLIST_ADD": "A movie was put on the watchlist.",
    },
    "Algorithm": {
        "BLEND": "All that this server knows: the best it has.",
        "HYBRID": "What people who liked the same like, and what movies are like, in one model.",
        "COLLABORATIVE": "What people who liked the same like.",
        "CONTENT_BASED": "What movies are like: genres, people, years, languages.",
        "TRENDING": "What people are busy with now.",
    },
    "Audience": _AUDIENCES,
    "ChatRole": {
        "USER": "The person.",
        "ASSISTANT": "The assistant.",
        "TOOL": "What the assistant looked up or did.",
    },
    "DevicePlatform": {
        "IOS": "A telephone or tablet of Apple's.",
        "ANDROID": "A telephone or tablet with Android.",
        "WEB": "A browser.",
    },
    "EventOrder": {"NEWEST": "The newest first.", "OLDEST": "The oldest first."},
    "EventSource": {
        "WEB": "On a site.",
        "MOBILE": "In an app.",
        "EMAIL": "In an e-mail.",
        "PUSH": "In a message that came to a browser or device.",
    },
    "FailureReason": {
        "NOT_WANTED": "The person changed their mind before it went out.",
        "NO_ADDRESS": "There is no address, or the browser is gone.",
        "REFUSED": "The next server refused it for good.",
        "BOUNCED": "A provider says that it came back.",
        "GAVE_UP": "It was tried as often as it may be.",
        "NOTHING_LEFT": "All that it was to tell was taken back or hidden, or its link void, before it went out.",
        "NOT_VERIFIED": "The address is not proved, and the operator wants that.",
        "SUPPRESSED": "The address gets no e-mail any more.",
    },
    "FeedItemType": {
        "RATED": "They gave it stars.",
        "REACTED": "They reacted to it.",
        "FAVORITED": "They made it a favourite.",
        "WATCHED": "They saw it.",
        "REVIEWED": "They wrote a review of it.",
        "LISTED": "They made a list.",
    },
    "FeedbackType": {
        "POSITIVE": "It was well recommended.",
        "NEGATIVE": "It was badly recommended.",
        "NOT_INTERESTED": "The movie is of no interest.",
        "ALREADY_SEEN": "The movie was seen already.",
    },
    "FollowStatus": {
        "REQUESTED": "It was asked for, and not yet allowed.",
        "FOLLOWING": "The one follows the other.",
    },
    "GroupStrategy": {
        "AVERAGE": "The mean of what it is worth to each.",
        "LEAST_MISERY": "What it is worth to whom it suits least.",
    },
    "ImageSize": {
        **{f"W{width}": f"{width} pixels wide." for width in (92, 154, 185, 300, 342, 500, 780, 1280)},
        "ORIGINAL": "As it is stored.",
    },
    "ImportKind": {
        "RATING": "Stars.",
        "REACTION": "A heart.",
        "FAVORITE": "It is a favourite.",
        "WATCHED": "It was seen.",
        "WATCHLIST": "It is on the watchlist.",
    },
    "ImportOutcome": {
        "NEW": "It is recorded.",
        "HERE": "It is here already.",
        "CONFLICT": "It is another word than the one that holds here.",
        "AMBIGUOUS": "It may be about one of several movies.",
        "UNMATCHED": "It is about a movie that is not here.",
        "REFUSED": "It goes against a rule, such as a rated movie on the watchlist.",
    },
    "ImportService": {
        "LETTERBOXD": "Letterboxd.",
        "IMDB": "IMDb.",
        "TRAKT": "Trakt.",
    },
    "ImportSkip": {
        "REVIEWS": "Reviews.",
        "LISTS": "Lists.",
        "COMMENTS": "Comments.",
        "COLLECTION": "What the person owns.",
        "SHOWS": "Series, and episodes of them.",
        "UNDATED": "Viewings without a date.",
        "UNREADABLE": "Rows that cannot be understood.",
    },
    "ImportStatus": {
        "PREVIEW": "It was uploaded, and waits to be confirmed.",
        "IMPORTING": "It is being imported.",
        "IMPORTED": "It was imported.",
        "UNDOING": "It is being taken back.",
        "UNDONE": "It was taken back.",
    },
    "ListRole": {
        "OWNER": "It is the viewer's.",
        "JOINED": "The viewer works on it.",
        "INVITED": "The viewer was invited, may read it, and join.",
    },
    "ListVisibility": {
        "PUBLIC": "Everybody.",
        "FOLLOWERS": "Those who follow its owner, and who works on it.",
        "UNLISTED": "Who has its link, and who works on it.",
        "PRIVATE": "Only who works on it.",
    },
    "NotificationChannel": {"EMAIL": "By e-mail.", "PUSH": "To a browser, by web push."},
    "NotificationKind": {
        "WEEKLY_DIGEST": "What the week brought.",
        "RECOMMENDATIONS": "New recommendations.",
        "TRENDING": "What is trending.",
        "PASSWORD_RESET": "By its link a new password is chosen.",
        "PASSWORD_CHANGED": "That the password was changed.",
        "EMAIL_VERIFICATION": "By its link the address is proved.",
    },
    "NotificationStatus": {
        "QUEUED": "It was made.",
        "SENT": "The next server took it.",
        "DELIVERED": "It arrived, as the provider says.",
        "OPENED": "It was looked at.",
        "CLICKED": "A link in it was followed.",
        "FAILED": "It reaches nobody: `failure` says why.",
    },
    "OfferKind": {
        "SUBSCRIPTION": "It comes with a subscription.",
        "FREE": "It is free.",
        "RENT": "It is paid for once, for a while.",
        "BUY": "It is paid for once, for good.",
    },
    "Privacy": _AUDIENCES,
    "ProjectionState": {
        "LIVE": "It can be relied on.",
        "STALE": "Its fold or its table changed, and it is not rebuilt yet.",
        "REBUILDING": "It is being rebuilt; what it was answers until then.",
        "FAILED": "It cannot go on: operators look at its dead letters.",
    },
    "Reaction": {
        "DISLIKE": "Not enjoyed.",
        "OK": "It was all right.",
        "LIKE": "Enjoyed.",
        "SUPER_LIKE": "Loved.",
    },
    "RecordedAction": _ACTIONS,
    "SuppressionReason": {
        "BOUNCED": "E-mail came back for good.",
        "COMPLAINED": "An e-mail was called spam.",
    },
    "TrendingWindow": {
        "DAY": "The newest day alone.",
        "WEEK": "7 days.",
        "MONTH": "30 days.",
        "ALL": "All days.",
    },
    "WatchStatus": {
        "SEEN": "It was seen, or judged.",
        "LATER": "It is to be seen.",
        "NOT_INTERESTED": "It is of no interest.",
    },
    "WatchlistOrder": {"ADDED": "The newest entry first.", "PRIORITY": "The most urgent first."},
    "WatchlistPriority": {
        "LOW": "It can wait.",
        "MEDIUM": "As others.",
        "HIGH": "Soon.",
    },
}


def describe(schema: GraphQLSchema) -> None:
    """Give arguments and values of enums the descriptions that they lack."""
    for kind in schema.type_map.values():
        if is_introspection_type(kind):
            continue
        for field_name, field in getattr(kind, "fields", {}).items():
            for name, argument in getattr(field, "args", {}).items():
                argument.description = argument.description or _of(
                    argument, name, f"{kind.name}.{field_name}"
                )
        if isinstance(kind, GraphQLEnumType):
            for name, value in kind.values.items():
                value.description = value.description or VALUES.get(kind.name, {}).get(name)


def _of(argument: GraphQLArgument, name: str, field: str) -> str | None:
    kind = get_named_type(argument.type)
    said = kind.description if isinstance(kind, (GraphQLEnumType, GraphQLInputObjectType)) else None
    return ARGUMENTS.get(f"{field}.{name}") or ARGUMENTS.get(name) or said
