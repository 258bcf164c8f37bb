"""A client of multipart responses: what it asks for, and each part as soon as it is there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson

from tests.app.serving import Served

SUBSCRIPTION = 'subscriptionSpec="1.0"'
DEFER = "deferSpec=20220824"
INCREMENTAL = "incrementalSpec=v0.2"
BOUNDARY = b"\r\n--graphql"


def apollo(form: str) -> str:
    """Return the header with which Apollo Client asks for queries in parts."""
    return f"multipart/mixed;{form}, application/graphql-response+json, application/json;q=0.9"


@contextlib.asynccontextmanager
async def parts(
    served: Served,
    query: str,
    *,
    accept: str,
    form: str = SUBSCRIPTION,
    token: str | None = None,
    **variables: Any,
) -> AsyncIterator[AsyncIterator[Any]]:
    """Ask for a stream; give its parts, each as soon as the boundary behind it is there."""
    headers = {"accept": accept, **({"authorization": f"Bearer {token}"} if token else {})}
    body = {"query": query, "variables": variables}
    async with served.http.stream("POST", "/graphql", json=body, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == f'multipart/mixed; boundary="graphql"; {form}'
        yield read(response)


async def read(response: httpx.Response) -> AsyncIterator[Any]:
    """Yield the parts of a response; fail where it does not end as it should."""
    seen, preamble = b"", True
    async with asyncio.timeout(15):
        async for chunk in response.aiter_bytes():
            seen += chunk
            while BOUNDARY in seen:
                part, _, seen = seen.partition(BOUNDARY)
                if preamble:
                    assert part == b""
                    preamble = False
                    continue
                head, _, body = part.partition(b"\r\n\r\n")
                assert head == b"\r\ncontent-type: application/json"
                yield orjson.loads(body)
    assert seen == b"--\r\n"
