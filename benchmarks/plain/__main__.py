"""`python -m benchmarks.plain`: the server, one process."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
import orjson
import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from starlette.requests import Request
from starlette.responses import Response
from strawberry.asgi import GraphQL

from benchmarks.plain.schema import SCHEMA
from benchmarks.plain.store import Store
from database.connect import session_conninfo

CONNECTIONS = 20
"""Of the pool: more made it slower."""


def _engine(conninfo: str) -> AsyncEngine:
    import psycopg

    async def connect() -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(session_conninfo(conninfo, application="plain"))

    # reads need no transaction: no begin and no rollback around each
    return create_async_engine(
        "postgresql+psycopg://",
        async_creator=connect,
        isolation_level="AUTOCOMMIT",
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_reset_on_return=None,
    )


class _Server(GraphQL[Store, None]):
    def __init__(self, engine: AsyncEngine, secret: str) -> None:
        super().__init__(SCHEMA, graphql_ide=None)
        self._engine = engine
        self._secret = secret

    async def get_context(self, request: Any, response: Response | Any) -> Store:
        """Return what one request reads, as whom its token names."""
        assert isinstance(request, Request)
        _, _, token = request.headers.get("authorization", "").partition(" ")
        return Store(self._engine, _viewer(token, self._secret) if token else None)

    def encode_json(self, data: object) -> bytes:
        """Encode answers with orjson."""
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> object:
        """Decode requests with orjson."""
        return orjson.loads(data)


@lru_cache(maxsize=10_000)
def _viewer(token: str, secret: str) -> UUID:
    claims = jwt.decode(token, secret, algorithms=["HS256"], audience="projectionist", issuer="projectionist")
    return UUID(claims["sub"])


if __name__ == "__main__":
    server = _Server(_engine(os.environ["DATABASE_URL"]), os.environ["PROJECTIONIST_TOKEN_SECRET"])
    uvicorn.run(
        server,
        port=int(os.environ["PROJECTIONIST_PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        lifespan="off",
    )
