"""Running an operation for a client that waits: within its time and budget, and no longer than its access token is good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from graphql import OperationType

from resolvers.answers import Answer, error_of
from resolvers.context import Context, Viewer
from resolvers.documents import Operation
from resolvers.engine import Engine
from resolvers.errors import Overload, RateLimited, Refused, TooManyTries, TooSlow, Unauthenticated

STATUSES = {Overload.code: 503, RateLimited.code: 429, TooManyTries.code: 429}
"""Of answers that say nothing but that it is too early."""


class TokenEnded(Unauthenticated):
    """Your access token is not valid (any more): refresh the session, or sign in again."""


async def run(engine: Engine, operation: Operation, context: Context, deadline: float) -> Answer:
    """Return the answer of a query or mutation; TIMEOUT when there is none by then, in the time of the event loop."""
    try:
        async with asyncio.timeout_at(deadline):
            return await engine.run(operation, context)
    except TimeoutError:
        return Answer(b"null", [error_of(TooSlow(), ())], operation.extensions)


async def stream(
    engine: Engine, operation: Operation, context: Context, timeout_s: float
) -> AsyncGenerator[Answer, None]:
    """Yield the answers of any operation: one of a query or mutation, one an event of a subscription."""
    if operation.node.operation is OperationType.SUBSCRIPTION:
        async with aclosing(engine.subscribe(operation, context)) as answers:
            async for answer in answers:
                yield answer
    else:
        yield await run(engine, operation, context, asyncio.get_running_loop().time() + timeout_s)


def refused(refusal: Refused) -> Answer:
    """Return the answer of an operation that is refused as a whole."""
    return Answer(None, [error_of(refusal, ())])


def refused_with(code: str, message: str) -> Answer:
    """Return the answer of a request that is none of GraphQL's, or not to be taken now."""
    return Answer(None, [{"message": message, "extensions": {"code": code}}])


def too_early(answer: Answer) -> tuple[int, int] | None:
    """Return the HTTP status and the seconds of Retry-After of an answer that has only such an error."""
    if not answer.errors or answer.data not in (None, b"null"):
        return None
    said = answer.errors[0]["extensions"]
    status = STATUSES.get(said["code"])
    return (status, said["retryAfter"]) if status else None


def ends_at(viewer: Viewer | None) -> float | None:
    """Return when a person's access token ends, in the time of the event loop."""
    if viewer is None or viewer.expires_at is None:
        return None
    return asyncio.get_running_loop().time() + (viewer.expires_at - datetime.now(UTC)).total_seconds()
