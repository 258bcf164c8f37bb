"""Who follows whom: decided on how it is between the two, and on to whom the other shows themself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.premium import UnknownPerson
from accounts.profiles import Privacy
from events.errors import Rejected
from events.follows import (
    Follow,
    FollowerRemoved,
    FollowEvent,
    FollowStatus,
    accept_follower,
    follow_user,
    people_of,
    remove_follower,
    unfollow_user,
)
from events.undo import CannotUndo, undo_follow
from resolvers.between import Conn, decide_about, record
from resolvers.context import Context
from resolvers.interactions import Input, Payload, refused, request_of

BLOCKS = "exists (select from blocks b where b.user_id = {u}.id and b.blocked_id = {viewer} and b.is_active)"
"""Whether that person has blocked the viewer."""
SHOWN = (
    "({u}.id = {viewer} or {u}.deactivated_at is null and {u}.privacy <> 'PRIVATE' and not " + BLOCKS + ")"
)
"""Whether the viewer may know that there is the person in a row `{u}` of `users`."""
OPEN = (
    "({u}.id = {viewer} or {u}.deactivated_at is null and not " + BLOCKS + " and ({u}.privacy = 'PUBLIC'"
    " or {u}.privacy = 'FOLLOWERS' and exists (select from follows o where o.user_id = {viewer}"
    " and o.followee_id = {u}.id and o.status = 'FOLLOWING')))"
)
"""Whether the viewer may see what that person says of themself."""

# who takes back that they removed a follower knows them, whomever these show themselves to by now
_STATE = """
select coalesce(u.privacy, 'PRIVATE'),
       (u.id is not null and u.deactivated_at is null and (u.privacy <> 'PRIVATE' or f.status is not null)
        or f.position = %(removed_at)s)
       and not exists (select from blocks b where b.user_id = %(other)s and b.blocked_id = %(viewer)s
                                              and (b.is_active or b.position > %(removed_at)s)),
       f.status, f.position,
       exists (select from blocks b where b.user_id = %(viewer)s and b.blocked_id = %(other)s and b.is_active)
  from (select) as one left join users u on u.id = %(other)s
  left join follows f on f.user_id = %(follower)s and f.followee_id = %(followee)s"""
_RECORDED = "select position from events where user_id = %s and movie_id is null and event_id = any (%s)"


@dataclass(frozen=True, slots=True)
class _Tie:
    """How it is between somebody and whom they follow, one of whom is the viewer.

    `has_blocked` says whether the viewer has blocked the other; `position` is that of the last event between them.
    """

    follow: Follow
    is_open: bool
    has_blocked: bool
    position: int | None


async def follow(context: Context, given: Input) -> Payload:
    """Follow somebody, or ask to."""
    return await _decide(context, "follow_user", given, _follow)


async def unfollow(context: Context, given: Input) -> Payload:
    """Follow somebody no longer."""
    return await _decide(context, "unfollow_user", given, lambda tie: unfollow_user(tie.follow))


async def accept(context: Context, given: Input) -> Payload:
    """Let somebody follow the viewer."""
    return await _decide(
        context, "accept_follower", given, lambda tie: accept_follower(tie.follow), back=True
    )


async def remove(context: Context, given: Input) -> Payload:
    """Let somebody follow the viewer no longer."""
    return await _decide(
        context, "remove_follower", given, lambda tie: remove_follower(tie.follow), back=True
    )


async def take_back(context: Context, given: Input, fact: FollowEvent, position: int) -> Payload:
    """Undo what the viewer did, at this position, where nothing came of it between the two since."""
    people, removed_at = people_of(fact), position if isinstance(fact, FollowerRemoved) else None

    async def decide(conn: Conn, viewer: UUID, other: UUID) -> Sequence[FollowEvent]:
        tie = await _read(conn, viewer, other, people, removed_at)
        if tie.position != position:
            raise CannotUndo
        return undo_follow(tie.follow, fact, is_open=tie.is_open, has_blocked=tie.has_blocked)

    (other,) = set(people) - {fact.user_id}
    try:
        ids = await record(context, given, request_of("undo", given), other, decide)
    except UnknownPerson:  # they show themself no more
        return refused(CannotUndo())
    except Rejected as rejection:
        return refused(rejection)
    async with context.acting() as conn:
        found = await (await conn.execute(_RECORDED, (fact.user_id, ids))).fetchone() if ids else None
    return {"errors": "[]", "event": str(found[0]) if found else None, "movie": None}


def _follow(tie: _Tie) -> Sequence[FollowEvent]:
    return follow_user(tie.follow, is_open=tie.is_open, has_blocked=tie.has_blocked)


async def _decide(
    context: Context,
    name: str,
    given: Input,
    decide: Callable[[_Tie], Sequence[FollowEvent]],
    *,
    back: bool = False,
) -> Payload:
    """Decide whether the viewer follows the person of the input, or with `back` that person the viewer."""

    async def decided(conn: Conn, viewer: UUID, other: UUID) -> Sequence[FollowEvent]:
        return decide(await _read(conn, viewer, other, (other, viewer) if back else (viewer, other)))

    return await decide_about(context, name, given, decided)


async def _read(
    conn: Conn, viewer: UUID, other: UUID, people: tuple[UUID, UUID], removed_at: int | None = None
) -> _Tie:
    """Return how it is between a follower and whom they follow. Raises UnknownPerson.

    `removed_at` is the position of a removal of a follower that is taken back: it holds unless that one has blocked the
    viewer since.
    """
    follower, followee = people
    values = {
        "follower": follower,
        "followee": followee,
        "other": other,
        "viewer": viewer,
        "removed_at": removed_at,
    }
    (row,) = await (await conn.execute(_STATE, values)).fetchall()
    privacy, is_shown, status, position, has_blocked = row
    if not is_shown:
        raise UnknownPerson
    follow = Follow(follower, followee, FollowStatus(status) if status else None)
    return _Tie(follow, Privacy(privacy) is Privacy.PUBLIC, has_blocked, position)
