"""Bodies that come one after the other in one response: server-sent events, or the parts of a multipart body."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from starlette.responses import StreamingResponse

from app.negotiation import DEFER, EVENT_STREAM, INCREMENTAL, SUBSCRIPTION
from app.operations import TokenEnded, refused

HEARTBEAT_S = 12.0


@dataclass(frozen=True)
class Framing:
    """How a stream is written: what comes first, around each body, while it is quiet, and last.

    `name` is what the log calls it.
    """

    name: str
    media_type: str
    first: bytes
    before: bytes
    after: bytes
    quiet: bytes
    last: bytes


_PART = b"\r\ncontent-type: application/json\r\n\r\n"
_BOUNDARY = b"\r\n--graphql"


def _multipart(form: str, opening: bytes = b"", closing: bytes = b"") -> Framing:
    """Return how parts are written; a client takes one when it sees the boundary behind it."""
    kind, _, parameter = form.partition("; ")
    return Framing(
        name="multipart",
        media_type=f'{kind}; boundary="graphql"; {parameter}',
        first=_BOUNDARY,
        before=_PART + opening,
        after=closing + _BOUNDARY,
        quiet=_PART + b"{}" + _BOUNDARY,
        last=b"--\r\n",
    )


FRAMINGS = {
    EVENT_STREAM: Framing(
        name="sse",
        media_type=EVENT_STREAM,
        first=b"",
        before=b"event: next\ndata: ",
        after=b"\n\n",
        quiet=b":\n\n",
        last=b"event: complete\ndata:\n\n",
    ),
    SUBSCRIPTION: _multipart(SUBSCRIPTION, b'{"payload":', b"}"),
    DEFER: _multipart(DEFER),
    INCREMENTAL: _multipart(INCREMENTAL),
}


class Stream(StreamingResponse):
    """A response that ends on our side, too, as soon as the client has gone."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], framing: Framing) -> None:
        super().__init__(pieces, media_type=framing.media_type, headers={"x-accel-buffering": "no"})
        self._pieces = pieces

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with aclosing(self._pieces):
            await super().__call__(scope, receive, send)


async def with_heartbeat(
    bodies: AsyncGenerator[bytes, None], ends_at: float | None
) -> AsyncGenerator[bytes | None, None]:
    """Yield the bodies, and None whenever none came for a while, so that nobody in between closes the connection.

    At `ends_at`, when the access token ends, the last body says so.
    """
    now = asyncio.get_running_loop().time
    following = asyncio.ensure_future(anext(bodies, None))
    try:
        while True:
            left = math.inf if ends_at is None else ends_at - now()
            if left <= 0:
                yield refused(TokenEnded()).body()
                return
            done, _ = await asyncio.wait([following], timeout=min(HEARTBEAT_S, left))
            if not done:
                if left > HEARTBEAT_S:
                    yield None
                continue
            body = following.result()
            if body is None:
                return
            yield body
            following = asyncio.ensure_future(anext(bodies, None))
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
