"""Who follows whom: decided on how it is between the two, and on to whom the other shows themself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import AsyncConnection

from accounts.premium import UnknownPerson
from accounts.profiles import Privacy
from events.append import person_lock
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
from events.idempotency import is_repeated, keep_key
from events.record import append_alone
from events.undo import CannotUndo, undo_follow
from projections.registry import fold_inline
from resolvers.context import Context
from resolvers.ids import uuid_of
from resolvers.interactions import Input, Payload, idempotency_key_of, refused, request_of, source_of

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

_user = uuid_of("User")
# in one order everywhere, and the locks that the writer of the log takes: a person's events keep their order
_LOCK = "select pg_advisory_xact_lock(k) from unnest(%s::bigint[]) as k"
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


async def lock_both(conn: AsyncConnection, one: UUID, other: UUID) -> None:
    """Take the locks of two people, whose events then keep their order, in the transaction that `conn` is in."""
    await conn.execute(_LOCK, (sorted({person_lock(one), person_lock(other)}),))


@dataclass(frozen=True, slots=True)
class _Between:
    """How it is between two people.

    `has_blocked` says whether the viewer has blocked the other; `position` is that of the last event between them.
    """

    follow: Follow
    is_open: bool
    has_blocked: bool
    position: int | None


async def _say(
    context: Context,
    given: Input,
    request: str,
    people: tuple[UUID, UUID],
    decide: Callable[[_Between], Sequence[FollowEvent]],
    removed_at: int | None = None,
) -> list[UUID]:
    """Decide about two people of whom the viewer is one, append and fold; return the ids of the events. Raises Rejected.

    Said again with the same idempotency key, nothing is decided. `removed_at` is the position of a removal of a follower
    that is taken back: it holds unless that one has blocked the viewer since.
    """
    viewer, key = context.require_viewer().id, idempotency_key_of(given)
    follower, followee = people
    other = followee if follower == viewer else follower
    values = {
        "follower": follower,
        "followee": followee,
        "other": other,
        "viewer": viewer,
        "removed_at": removed_at,
    }
    async with context.acting() as conn:
        await lock_both(conn, viewer, other)
        if await is_repeated(conn, viewer, key, request):
            return []
        row = await (await conn.execute(_STATE, values)).fetchone()
        privacy, is_shown, status, position, has_blocked = row or (Privacy.PRIVATE, False, None, None, False)
        if not is_shown:
            raise UnknownPerson
        follow = Follow(follower, followee, FollowStatus(status) if status else None)
        ids: list[UUID] = []
        between = _Between(follow, Privacy(privacy) is Privacy.PUBLIC, has_blocked, position)
        if facts := decide(between):
            append, written = append_alone(facts, fold_inline, source=source_of(given))
            await conn.execute(append, written)
            ids = written["ids"]
        await keep_key(conn, viewer, key, request, ids)
    return ids


async def _decide(
    context: Context,
    name: str,
    given: Input,
    decide: Callable[[_Between], Sequence[FollowEvent]],
    *,
    follows_viewer: bool,
) -> Payload:
    """Decide about the viewer and the other person; the payload shows the other person."""
    viewer, other = context.require_viewer().id, UUID(_user(given["userId"]))
    people = (other, viewer) if follows_viewer else (viewer, other)
    try:
        await _say(context, given, request_of(name, given), people, decide)
    except Rejected as rejection:
        shown = None if isinstance(rejection, UnknownPerson) else str(other)
        return refused(rejection, person=shown)
    return {"errors": "[]", "person": str(other)}


async def follow(context: Context, given: Input) -> Payload:
    """Follow somebody, or ask to."""
    return await _decide(
        context,
        "follow_user",
        given,
        lambda between: follow_user(between.follow, is_open=between.is_open, has_blocked=between.has_blocked),
        follows_viewer=False,
    )


async def unfollow(context: Context, given: Input) -> Payload:
    """Follow somebody no longer."""
    return await _decide(
        context,
        "unfollow_user",
        given,
        lambda between: unfollow_user(between.follow),
        follows_viewer=False,
    )


async def accept(context: Context, given: Input) -> Payload:
    """Let somebody follow the viewer."""
    return await _decide(
        context,
        "accept_follower",
        given,
        lambda between: accept_follower(between.follow),
        follows_viewer=True,
    )


async def remove(context: Context, given: Input) -> Payload:
    """Let somebody follow the viewer no longer."""
    return await _decide(
        context,
        "remove_follower",
        given,
        lambda between: remove_follower(between.follow),
        follows_viewer=True,
    )


async def take_back(context: Context, given: Input, fact: FollowEvent, position: int) -> Payload:
    """Undo what the viewer did, at this position, where nothing came of it between the two since."""

    def decide(between: _Between) -> Sequence[FollowEvent]:
        if between.position != position:
            raise CannotUndo
        return undo_follow(between.follow, fact, is_open=between.is_open, has_blocked=between.has_blocked)

    removed_at = position if isinstance(fact, FollowerRemoved) else None
    try:
        ids = await _say(context, given, request_of("undo", given), people_of(fact), decide, removed_at)
    except UnknownPerson:  # they show themself no more
        return refused(CannotUndo())
    except Rejected as rejection:
        return refused(rejection)
    async with context.acting() as conn:
        found = await (await conn.execute(_RECORDED, (fact.user_id, ids))).fetchone() if ids else None
    return {"errors": "[]", "event": str(found[0]) if found else None, "movie": None}
