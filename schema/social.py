"""A person's diary, lists and reviews, and what those did whom they follow."""

import strawberry

from projections.audiences import NEWS, SHARED
from resolvers.diary import month, year
from resolvers.ids import uuid_of
from resolvers.mapping import Filter, Key, Page
from schema.diary import YEARS, DiaryConnection, DiaryYear
from schema.feed import FeedItemConnection
from schema.fields import mapped
from schema.lists import ListConnection
from schema.reviews import ReviewConnection

_ACTIVE = "{t}.user_id = {viewer} and {t}.is_active"
_NEWEST = (Key("{t}.position", "bigint", descending=True),)


@strawberry.type(description="What a person writes and makes.")
class Social:
    @mapped(
        Page(
            "diary",
            where=_ACTIVE,
            columns=(
                "viewing_id",
                "movie_id",
                "user_id",
                "watched_on",
                "half_stars",
                "reaction",
                "logged_at",
                "position",
            ),
            orders={
                None: (
                    Key("{t}.watched_on", "date", descending=True),
                    Key("{t}.position", "bigint", descending=True),
                )
            },
            filters={
                "year": Filter(
                    "{t}.watched_on >= make_date({value}, 1, 1) and {t}.watched_on < make_date({value} + 1, 1, 1)",
                    "int",
                    year,
                ),
                "month": Filter("extract(month from {t}.watched_on) = {value}", "int", month),
                "movieId": Filter("{t}.movie_id = {value}", "uuid", uuid_of("Movie")),
            },
        ),
        "When the person saw what, the latest day first.",
    )
    def diary(
        self,
        year: int | None = None,
        month: int | None = None,
        movie_id: strawberry.ID | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> DiaryConnection | None: ...

    @mapped(YEARS, "What the person saw in each year, the last year first.")
    def diary_years(self) -> list[DiaryYear]: ...

    @mapped(
        Page(
            "lists",
            where=_ACTIVE,
            columns=("list_id",),
            orders={None: (Key("{t}.created_position", "bigint", descending=True),)},
        ),
        "Lists that the person made, the last made first.",
    )
    def lists(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ListConnection | None: ...

    @mapped(
        Page(
            "list_members",
            where=SHARED,
            columns=("list_id",),
            orders={None: _NEWEST},
        ),
        "Lists of others to which the person was invited or that they work on, the last change of that first.",
    )
    def shared_lists(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ListConnection | None: ...

    @mapped(
        Page(
            "activities",
            where=NEWS,
            columns=("user_id", "position", "day", "type", "movie_id", "list_id", "review_id", "occurred_at"),
            orders={
                None: (
                    Key("{t}.day", "date", descending=True),
                    Key("{t}.position", "bigint", descending=True),
                )
            },
        ),
        "What people did whom the person follows, in the last 90 days, as far as those show it; a few moments behind.",
    )
    def feed(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> FeedItemConnection | None: ...

    @mapped(
        Page("reviews", where=_ACTIVE, columns=("review_id",), orders={None: _NEWEST}),
        "Reviews by the person, the last written or changed first.",
    )
    def reviews(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ReviewConnection | None: ...
