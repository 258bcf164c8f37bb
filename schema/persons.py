"""How people see each other, and what they say of themselves."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from accounts.profiles import DATE_OF_BIRTH, PHONE
from resolvers.follows import OPEN, SHOWN
from resolvers.mapping import Key, One, Page
from resolvers.sealed import sealed
from schema.enums import FollowStatus
from schema.fields import column, connection, mapped
from schema.nodes import Node

_CURSOR = "Where this item is in the list."
_OWN = "case when {t}.user_id = {viewer} then {t}.{column} end"
_NEWEST = (Key("{t}.position", "bigint", descending=True),)
SHOWN_PERSON = SHOWN.replace("{u}", "{t}")


def followers_of(of: str, *, status: str = "FOLLOWING", where: str = "true") -> Page:
    """Return the source of the people who follow whom `of` names; those who do not show themselves are left out."""
    return _follows("user_id", "followee_id", of, status, where)


def following_of(of: str, *, where: str = "true") -> Page:
    """Return the source of the people whom the one whom `of` names follows."""
    return _follows("followee_id", "user_id", of, "FOLLOWING", where)


def _follows(listed: str, fixed: str, of: str, status: str, where: str) -> Page:
    shown = f"exists (select from users u where u.id = {{t}}.{listed} and {SHOWN.replace('{u}', 'u')})"
    return Page(
        "follows",
        where=f"{{t}}.{fixed} = {of} and {{t}}.status = '{status}' and {shown} and {where}",
        columns=(listed, "since"),
        orders={None: _NEWEST},
    )


_OPEN_PARENT = f"exists (select from users w where w.id = {{parent}}.id and {OPEN.replace('{u}', 'w')})"


def _own(name: str) -> str:
    return _OWN.replace("{column}", name)


@strawberry.type(description="What a person says of themself.")
class Profile:
    first_name: str | None = column("{t}.first_name", "The given name.")
    last_name: str | None = column("{t}.last_name", "The family name.")
    bio: str | None = column("{t}.bio", "What the person writes of themself.")
    avatar_url: str | None = column("{t}.avatar_url", "Where a picture of them is.")
    country: str | None = column("{t}.country", "Where they live, ISO 3166-1.")
    languages: list[str] = column("{t}.languages", "Other languages that they understand, as BCP 47 tags.")
    preferred_language: str | None = column(
        _own("preferred_language"), "The language to write to them in; only the person themself sees it."
    )
    time_zone: str | None = column(
        _own("time_zone"), "Their time zone, by its IANA name; only the person themself sees it."
    )

    @mapped(
        sealed(_own("phone_sealed"), PHONE, owner="{t}.user_id"),
        "The phone number, E.164; only the person themself sees it.",
    )
    def phone(self) -> str | None: ...

    @mapped(
        sealed(_own("date_of_birth_sealed"), DATE_OF_BIRTH, owner="{t}.user_id"),
        "The date of birth; only the person themself sees it.",
    )
    def date_of_birth(self) -> date | None: ...


@strawberry.type(description="A person as others see them: what their privacy shows, and to whom.")
class Person(Node):
    id: strawberry.ID = column("'Person:' || {t}.id", "The global id.")
    user_id: strawberry.ID | None = column("'User:' || {t}.id", "The id that mutations take; never null.")
    username: str = column("{t}.username", "The name that others see.")
    joined_at: datetime = column("{t}.created_at", "When the account was made.")
    is_open: bool = column(
        f"coalesce({OPEN.replace('{u}', '{t}')}, false)",
        "Whether the viewer may see the profile and who follows; where not, the lists are empty.",
    )
    viewer_follow: FollowStatus | None = column(
        "(select f.status from follows f where f.user_id = {viewer} and f.followee_id = {t}.id)",
        "Whether the viewer follows this person, or asked to.",
    )
    is_following_viewer: bool = column(
        "exists (select from follows f where f.user_id = {t}.id and f.followee_id = {viewer}"
        " and f.status = 'FOLLOWING')",
        "Whether this person follows the viewer.",
    )

    is_blocked_by_viewer: bool = column(
        "exists (select from blocks b where b.user_id = {viewer} and b.blocked_id = {t}.id and b.is_active)",
        "Whether the viewer has blocked this person.",
    )

    @mapped(
        One(
            "profiles",
            of="{parent}.id",
            key="user_id",
            where=f"exists (select from users u where u.id = {{t}}.user_id and {OPEN.replace('{u}', 'u')})",
        ),
        "What the person says of themself; null where nothing, or where the viewer may not see it.",
    )
    def profile(self) -> Profile | None: ...

    @mapped(followers_of("{parent}.id", where=_OPEN_PARENT), "Who follows this person, the newest first.")
    def followers(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Annotated["FollowerConnection", strawberry.lazy("schema.persons")] | None: ...

    @mapped(following_of("{parent}.id", where=_OPEN_PARENT), "Whom this person follows, the newest first.")
    def following(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Annotated["FollowingConnection", strawberry.lazy("schema.persons")] | None: ...


@strawberry.type(description="Somebody who follows, or asks to.")
class FollowerEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    since: datetime = column("{t}.since", "Since when.")

    @mapped(One("users", of="{parent}.user_id", where=SHOWN_PERSON), "Who it is.")
    def node(self) -> Person | None: ...


@strawberry.type(description="Somebody who is followed.")
class FollowingEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    since: datetime = column("{t}.since", "Since when.")

    @mapped(One("users", of="{parent}.followee_id", where=SHOWN_PERSON), "Who it is.")
    def node(self) -> Person | None: ...


@strawberry.type(description="Somebody whom the viewer has blocked.")
class BlockedPersonEdge:
    cursor: str = strawberry.field(description=_CURSOR)
    user_id: strawberry.ID = column("'User:' || {t}.blocked_id", "The id that mutations take.")
    blocked_at: datetime = column("{t}.blocked_at", "Since when.")

    @mapped(
        One("users", of="{parent}.blocked_id", where=SHOWN_PERSON),
        "Who it is; null where they do not show themself.",
    )
    def node(self) -> Person | None: ...


BlockedPersonConnection = connection(
    "BlockedPerson", BlockedPersonEdge, Person, "People whom the viewer has blocked."
)
FollowerConnection = connection("Follower", FollowerEdge, Person, "People who follow, or ask to.")
FollowingConnection = connection("Following", FollowingEdge, Person, "People who are followed.")
