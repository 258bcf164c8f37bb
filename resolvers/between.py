"""What somebody does about another person: decided under the locks of both, once for an idempotency key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from accounts.premium import UnknownPerson
from events.errors import Rejected
from events.facts import Event
from events.idempotency import is_repeated, keep_key
from events.person_locks import lock_people_async
from events.record import append_alone
from projections.registry import fold_inline
from resolvers.context import Context
from resolvers.ids import uuid_of
from resolvers.interactions import Input, Payload, idempotency_key_of, refused, request_of, source_of

Conn = AsyncConnection[Any]
Decide = Callable[[Conn, UUID, UUID], Awaitable[Sequence[Event]]]
"""Reads how it is between who asks and the other person, and decides. Raises Rejected."""

_user = uuid_of("User")


async def record(context: Context, given: Input, request: str, other: UUID, decide: Decide) -> list[UUID]:
    """Decide about who asks and another person, append and fold; return the ids of the events. Raises Rejected.

    Said again with the same idempotency key, nothing is decided.
    """
    viewer, key = context.require_viewer().id, idempotency_key_of(given)
    ids: list[UUID] = []
    async with context.acting() as conn:
        await lock_people_async(conn, viewer, other)
        if await is_repeated(conn, viewer, key, request):
            return ids
        if facts := await decide(conn, viewer, other):
            append, values = append_alone(facts, fold_inline, source=source_of(given))
            await conn.execute(append, values)
            ids = values["ids"]
        await keep_key(conn, viewer, key, request, ids)
    return ids


async def decide_about(context: Context, name: str, given: Input, decide: Decide) -> Payload:
    """Decide about who asks and the person of the input; the payload shows that person."""
    other = UUID(_user(given["userId"]))
    try:
        await record(context, given, request_of(name, given), other, decide)
    except Rejected as rejection:
        return refused(rejection, person=None if isinstance(rejection, UnknownPerson) else str(other))
    return {"errors": "[]", "person": str(other)}
