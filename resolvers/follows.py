"""Who follows whom: decided on how it is between the two, and on to whom the other shows themself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from accounts.premium import UnknownPerson
from accounts.profiles import Privacy
from events.append import person_lock
from events.errors import Rejected
from events.follows import (
    Follow,
    FollowEvent,
    FollowStatus,
    accept_follower,
    follow_user,
    remove_follower,
    unfollow_user,
)
from events.log import Source
from events.record import append_alone
from projections.registry import fold_inline
from resolvers.context import Context
from resolvers.ids import uuid_of
from resolvers.interactions import Payload, refused

Input = Mapping[str, Any]
Decide = Callable[[Follow, Privacy, bool], Sequence[FollowEvent]]

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
_STATE = """
select u.privacy, u.deactivated_at is null and (u.privacy <> 'PRIVATE' or f.status is not null) and not exists (
         select from blocks b where b.user_id = u.id and b.blocked_id = %(viewer)s and b.is_active), f.status,
       exists (select from blocks b where b.user_id = %(viewer)s and b.blocked_id = u.id and b.is_active)
  from users u left join follows f on f.user_id = %(follower)s and f.followee_id = %(followee)s
 where u.id = %(other)s"""


async def lock_both(conn: AsyncConnection, one: UUID, other: UUID) -> None:
    """Take the locks of two people, whose events then keep their order, in the transaction that `conn` is in."""
    await conn.execute(_LOCK, (sorted({person_lock(one), person_lock(other)}),))


async def _decide(context: Context, given: Input, decide: Decide, *, follows_viewer: bool) -> Payload:
    """Decide about the viewer and the other person, append and fold; the payload shows the other person."""
    viewer, other = context.require_viewer().id, UUID(_user(given["userId"]))
    follower, followee = (other, viewer) if follows_viewer else (viewer, other)
    values = {"follower": follower, "followee": followee, "other": other, "viewer": viewer}
    try:
        async with context.acting() as conn:
            await lock_both(conn, viewer, other)
            row = await (await conn.execute(_STATE, values)).fetchone()
            privacy, is_shown, status, has_blocked = row or (Privacy.PRIVATE, False, None, False)
            if not is_shown:
                raise UnknownPerson
            state = Follow(follower, followee, FollowStatus(status) if status else None)
            if facts := decide(state, Privacy(privacy), has_blocked):
                await conn.execute(*append_alone(facts, fold_inline, source=Source.WEB))
    except Rejected as rejection:
        shown = None if isinstance(rejection, UnknownPerson) else str(other)
        return refused(rejection, person=shown)
    return {"errors": "[]", "person": str(other)}


async def follow(context: Context, given: Input) -> Payload:
    """Follow somebody, or ask to."""
    return await _decide(
        context,
        given,
        lambda state, privacy, has_blocked: follow_user(
            state, is_open=privacy is Privacy.PUBLIC, has_blocked=has_blocked
        ),
        follows_viewer=False,
    )


async def unfollow(context: Context, given: Input) -> Payload:
    """Follow somebody no longer."""
    return await _decide(context, given, lambda state, *_: unfollow_user(state), follows_viewer=False)


async def accept(context: Context, given: Input) -> Payload:
    """Let somebody follow the viewer."""
    return await _decide(context, given, lambda state, *_: accept_follower(state), follows_viewer=True)


async def remove(context: Context, given: Input) -> Payload:
    """Let somebody follow the viewer no longer."""
    return await _decide(context, given, lambda state, *_: remove_follower(state), follows_viewer=True)
