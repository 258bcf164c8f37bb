"""A person, and what is on their own shelf."""

from datetime import datetime

import strawberry

from accounts.emails import EMAIL
from accounts.premium import IS_PREMIUM
from resolvers.ids import enum_name
from resolvers.mapping import Filter, Key, Many, One, Page
from resolvers.recommendations import RECOMMENDED
from resolvers.sealed import sealed
from resolvers.shown_ahead import RANK, STORED
from resolvers.slate_pages import KEYS
from schema.activity import OWN, ActivityConnection
from schema.chat import Chats
from schema.enums import Action, Algorithm, Platform, Privacy, Reaction, WatchlistOrder
from schema.fields import column, mapped
from schema.imports import ImportConnection
from schema.log import EventConnection
from schema.movie_lists import (
    FavoriteConnection,
    RatingConnection,
    RecommendationConnection,
    StoredRecommendationConnection,
    WatchlistConnection,
)
from schema.movies import Genre
from schema.nodes import Node
from schema.notifications import Notified
from schema.persons import (
    SHOWN_PERSON,
    BlockedPersonConnection,
    FollowerConnection,
    FollowingConnection,
    Person,
    Profile,
    followers_of,
    following_of,
)
from schema.social import Social

_ACTIVE = "{t}.user_id = {viewer} and {t}.is_active"
_NEWEST = (Key("{t}.position", "bigint", descending=True),)


@strawberry.input(description="Which movies may be recommended; all conditions must hold.")
class RecommendationFilter:
    genres: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Has any of these genres, by name or slug."
    )
    genre_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Has any of these genres; or of `genres`, if both are given."
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
    exclude_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="None of these movies."
    )


@strawberry.type(description="A device on which a person is reached. Where messages to it go is never shown.")
class Device:
    id: strawberry.ID = column("'Device:' || {t}.id", "The id that `removeDevice` takes.")
    platform: Platform = column("{t}.platform", "What it is.")
    registered_at: datetime = column("{t}.registered_at", "When it was registered last.")


@strawberry.type(description="A person's account and shelf; only the person themself can see it.")
class User(Node, Social, Notified, Chats):
    id: strawberry.ID = column("'User:' || {t}.id", "The global id.")
    database_id: int = column("{t}.database_id", "A whole number that never changes.")
    username: str = column("{t}.username", "The name that others see.")
    roles: list[str] = column("{t}.roles", "What the account may do: person, analyst, operator, admin.")
    created_at: datetime = column("{t}.created_at", "When the account was made.")

    @mapped(sealed("{t}.email_sealed", EMAIL), "The e-mail address.")
    def email(self) -> str | None: ...

    email_verified_at: datetime | None = column(
        "{t}.email_verified_at", "When the person proved that the address is theirs; null: not yet."
    )
    privacy: Privacy = column("{t}.privacy", "To whom the person shows themself.")
    is_premium: bool = column(IS_PREMIUM, "Whether the person is premium now.")
    premium_until: datetime | None = column("{t}.premium_until", "When premium ends; null where it does not.")
    last_signed_in_at: datetime | None = column("{t}.last_signed_in_at", "When a session was last opened.")

    @mapped(
        One("profiles", of="{parent}.id", key="user_id", where="{t}.user_id = {viewer}"),
        "What the person says of themself; null until they say anything.",
    )
    def profile(self) -> Profile | None: ...

    @mapped(
        One("users", of="{parent}.id", where=SHOWN_PERSON), "The person as they see themself among others."
    )
    def person(self) -> Person | None: ...

    @mapped(
        Many(
            "devices {t}",
            where="{t}.user_id = {viewer}",
            order="{t}.registered_at desc, {t}.id",
            table="devices",
        ),
        "Devices on which the person is reached, the newest first.",
    )
    def devices(self) -> list[Device]: ...

    @mapped(followers_of("{viewer}"), "Who follows this person, the newest first.")
    def followers(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> FollowerConnection | None: ...

    @mapped(followers_of("{viewer}", status="REQUESTED"), "Who asks to follow this person, the newest first.")
    def follow_requests(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> FollowerConnection | None: ...

    @mapped(following_of("{viewer}"), "Whom this person follows, the newest first.")
    def following(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> FollowingConnection | None: ...

    @mapped(
        Page(
            "blocks",
            where="{t}.user_id = {viewer} and {t}.is_active",
            columns=("blocked_id", "blocked_at"),
            orders={None: _NEWEST},
        ),
        "Whom this person has blocked, the last one first.",
    )
    def blocked_people(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> BlockedPersonConnection | None: ...

    @mapped(
        Many(
            "favorite_genres f cross join lateral unnest(f.genre_ids) with ordinality as g (id, n)"
            " join genres {t} on {t}.id = g.id",
            where="f.user_id = {viewer}",
            order="g.n",
            table="genres",
        ),
        "Genres that the person chose, the dearest first.",
    )
    def favorite_genres(self) -> list[Genre]: ...

    @mapped(
        Page("favorites", where=_ACTIVE, columns=("movie_id", "favorited_at"), orders={None: _NEWEST}),
        "Favourites, the newest first.",
    )
    def favorites(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> FavoriteConnection | None: ...

    @mapped(
        Page(
            "watchlist",
            where=_ACTIVE,
            columns=("movie_id", "added_at", "urgency"),
            orders={
                None: _NEWEST,
                "ADDED": _NEWEST,
                "PRIORITY": (Key("{t}.urgency", "bigint", descending=True), *_NEWEST),
            },
        ),
        "Movies to see.",
    )
    def watchlist(
        self,
        order_by: WatchlistOrder | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> WatchlistConnection | None: ...

    @mapped(
        Page(
            "ratings",
            where="{t}.user_id = {viewer} and ({t}.reaction is not null or {t}.half_stars is not null)",
            columns=("movie_id", "reaction", "half_stars", "rated_at"),
            orders={None: _NEWEST},
            filters={"reaction": Filter("{t}.reaction = {value}", "text", enum_name)},
        ),
        "Reactions and stars, the last changed first.",
    )
    def ratings(
        self,
        reaction: Reaction | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> RatingConnection | None: ...

    @mapped(
        Page("history", where="{t}.user_id = {viewer}", columns=("position",), orders={None: _NEWEST}),
        "The person's own part of the log, the newest first.",
    )
    def history(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> EventConnection | None: ...

    @mapped(OWN, "All that the person did, and what they did as a visitor before they signed in.")
    def activity(
        self,
        actions: list[Action] | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ActivityConnection | None: ...

    @mapped(
        Page(
            "imports",
            where="{t}.user_id = {viewer} and ({t}.status <> 'PREVIEW' or {t}.expires_at > now())",
            columns=("id",),
            orders={None: (Key("{t}.id", "uuid", descending=True),)},
        ),
        "What the person brought from other services, the newest first; a preview until it expires.",
    )
    def imports(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ImportConnection | None: ...

    @mapped(
        Page(RECOMMENDED, columns=tuple(RECOMMENDED.columns), orders={None: KEYS}),
        "Movies for this person at this moment, the best first; nothing that they rated, watched or dismissed.",
    )
    def recommendations(
        self,
        algorithm: Algorithm = Algorithm.BLEND,
        filter: RecommendationFilter | None = None,  # noqa: A002
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> RecommendationConnection | None: ...

    @mapped(
        Page(
            STORED,
            where="{t}.user_id = {viewer}",
            columns=("movie_id", "score", "algorithm", "generated_at", "slate_id"),
            orders={None: (RANK,)},
            filters={"algorithm": Filter("{t}.algorithm = {value}", "text", enum_name)},
            is_slate=True,
        ),
        "Movies that were computed ahead, as e-mails and exports take them; ask for `recommendations` on a page.",
    )
    def stored_recommendations(
        self,
        algorithm: Algorithm = Algorithm.BLEND,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> StoredRecommendationConnection | None: ...
