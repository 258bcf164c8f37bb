"""Whom people block: decided on how it is between the two, under the locks that following takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from accounts.premium import UnknownPerson
from events.blocks import Block, block_user, unblock_user
from events.errors import Rejected
from events.facts import Event
from events.follows import Follow, FollowStatus
from events.log import Source
from events.record import append_alone
from projections.registry import fold_inline
from resolvers.context import Context
from resolvers.follows import lock_both
from resolvers.ids import uuid_of
from resolvers.interactions import Input, Payload, refused

Decide = Callable[[Block, Follow, Follow], Sequence[Event]]

_user = uuid_of("User")
_STATE = """
select exists (select from users u where u.id = %(other)s and (following is not null or followed is not null
                                          or u.deactivated_at is null and u.privacy <> 'PRIVATE')),
       coalesce((select is_active from blocks where user_id = %(viewer)s and blocked_id = %(other)s), false),
       following, followed
  from (select (select status from follows where user_id = %(viewer)s and followee_id = %(other)s) as following,
               (select status from follows where user_id = %(other)s and followee_id = %(viewer)s) as followed) as tie"""


async def block(context: Context, given: Input) -> Payload:
    """Block somebody who shows themself, or follows the viewer, or asks to."""
    return await _decide(context, given, block_user)


async def unblock(context: Context, given: Input) -> Payload:
    """Take that back."""
    return await _decide(context, given, lambda block, *_: unblock_user(block))


async def _decide(context: Context, given: Input, decide: Decide) -> Payload:
    viewer, other = context.require_viewer().id, UUID(_user(given["userId"]))
    try:
        async with context.acting() as conn:
            await lock_both(conn, viewer, other)
            row = await (await conn.execute(_STATE, {"viewer": viewer, "other": other})).fetchone()
            is_known, is_blocked, following, followed = row or (False, False, None, None)
            if not (is_known or is_blocked or other == viewer):
                raise UnknownPerson
            states = (
                Block(viewer, other, is_blocked),
                Follow(viewer, other, FollowStatus(following) if following else None),
                Follow(other, viewer, FollowStatus(followed) if followed else None),
            )
            if facts := decide(*states):
                await conn.execute(*append_alone(facts, fold_inline, source=Source.WEB))
    except Rejected as rejection:
        shown = None if isinstance(rejection, UnknownPerson) else str(other)
        return refused(rejection, person=shown)
    return {"errors": "[]", "person": str(other)}
