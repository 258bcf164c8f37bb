"""Whom people block: decided on how it is between the two, under the locks that following takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from accounts.premium import UnknownPerson
from events.blocks import Block, block_user, unblock_user
from events.facts import Event
from events.follows import Follow, FollowStatus
from resolvers.between import Conn, Decide, decide_about
from resolvers.context import Context
from resolvers.interactions import Input, Payload

_STATE = """
select exists (select from users u where u.id = %(other)s and (following is not null or followed is not null
                                          or u.deactivated_at is null and u.privacy <> 'PRIVATE')),
       coalesce((select is_active from blocks where user_id = %(viewer)s and blocked_id = %(other)s), false),
       following, followed
  from (select (select status from follows where user_id = %(viewer)s and followee_id = %(other)s) as following,
               (select status from follows where user_id = %(other)s and followee_id = %(viewer)s) as followed) as tie"""


async def block(context: Context, given: Input) -> Payload:
    """Block somebody who shows themself, or follows the viewer, or asks to."""
    return await decide_about(context, "block_user", given, _reading(block_user))


async def unblock(context: Context, given: Input) -> Payload:
    """Take that back."""
    return await decide_about(context, "unblock_user", given, _reading(lambda block, *_: unblock_user(block)))


def _reading(decide: Callable[[Block, Follow, Follow], Sequence[Event]]) -> Decide:
    async def read(conn: Conn, viewer: UUID, other: UUID) -> Sequence[Event]:
        row = await (await conn.execute(_STATE, {"viewer": viewer, "other": other})).fetchone()
        is_known, is_blocked, following, followed = row or (False, False, None, None)
        if not (is_known or is_blocked or other == viewer):
            raise UnknownPerson
        return decide(
            Block(viewer, other, is_blocked),
            Follow(viewer, other, FollowStatus(following) if following else None),
            Follow(other, viewer, FollowStatus(followed) if followed else None),
        )

    return read
