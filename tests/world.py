"""The schema and its engine over a database of the test's own, without a web server around it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import SecretStr

import schema
from accounts.people import Role
from app.metrics import Metrics
from app.services import services
from app.settings import Settings
from database.connect import connect
from resolvers.answers import Answer
from resolvers.context import Context, Services, Viewer
from resolvers.limits import Limits
from tests.accounts.masters import SECRETS
from tests.accounts.signing import tokens_signed_with
from tests.catalogue import PEOPLE, ROLES, fill, person

Json = Any


def settings(**more: Any) -> Settings:
    """Return settings for tests: nothing of the environment's, cheap passwords, budgets and time for any load, no files."""
    try:
        return _settings(tuple(sorted(more.items())))
    except TypeError:  # of what cannot be remembered
        return _settings.__wrapped__(tuple(more.items()))


@cache
def _settings(more: tuple[tuple[str, Any], ...]) -> Settings:
    """Ten milliseconds, of every test that opens a world or a server."""
    given: dict[str, Any] = {
        "database_url": None,
        "redis_url": "none",
        "data_dir": Path("unused"),
        "explored_share": 0.0,
        "graphiql": False,
        "bcrypt_cost": 4,
        "slow_ms": 60_000,
        "pool_size": 24,
        "most_lag_s": 30.0,
        "budget_per_minute": 1_000_000_000,
        "master_keys": {name: SecretStr(secret) for name, secret in SECRETS.items()},
        "token_secret": SecretStr("a secret that is long enough for tests"),
        **dict(more),
    }
    return Settings(**given)


WIDE = Limits(**{limit.name: 10**9 for limit in fields(Limits)})
"""For documents that no person would write."""


def viewer(name: str | None) -> Viewer | None:
    """Return one of the people of the catalogue as their access token would name them; None for a stranger."""
    if name is None:
        return None
    assert name in PEOPLE
    return Viewer(person(name), UUID(int=1), frozenset(("person", *ROLES.get(name, ()))))


def access_token(name: str, *, ago_s: float = 0, secret: str | None = None) -> str:
    """Return an access token of one of the people, as a server with this secret, or these settings, signed it."""
    keys = {"1": secret} if secret else settings().token_keys()
    tokens = tokens_signed_with(keys, clock=lambda: time.time() - ago_s)
    roles = [Role.PERSON, *map(Role, ROLES.get(name, ()))]
    return tokens.sign_access(person(name), UUID(int=1), roles).text


@dataclass(repr=False)
class World:
    """A catalogue with people, and the engine over it."""

    conninfo: str
    built: schema.Built
    services: Services
    asked: int = field(default=0)

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """Be short in Hypothesis' findings: what was asked is what matters there."""
        printer.text("catalogue")

    def context(self, name: str | None = None) -> Context:
        """Return a new request's context of one of the people."""
        self.asked += 1
        return Context(self.services, self.built.sources, viewer(name), f"request-{self.asked}")

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        by: str | None = None,
        name: str | None = None,
    ) -> Json:
        """Return the response to an operation as a client decodes it, but for what it says of the cost."""
        operation = self.built.engine.prepare(query, name, variables or {})
        if isinstance(operation, Answer):
            return json.loads(operation.body())
        answer = json.loads((await self.built.engine.run(operation, self.context(by))).body())
        limit = self.built.engine.limits.cost
        assert answer.pop("extensions") == {"cost": {"requested": operation.cost, "limit": limit}}
        return answer

    async def data(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        by: str | None = None,
        name: str | None = None,
    ) -> Json:
        """Return the data of an operation that has no errors."""
        answer = await self.ask(query, variables, by=by, name=name)
        assert "errors" not in answer, answer
        return answer["data"]


@asynccontextmanager
async def opened(conninfo: str, built: schema.Built | None = None) -> AsyncIterator[World]:
    """Open the engine over a database that is filled with the catalogue; the log is not told what is recommended."""
    with connect(conninfo) as conn:
        fill(conn)
    async with services(settings(pool_wait_s=20.0), conninfo, Metrics()) as running:
        recommends = await running.recommending.now()
        await recommends.standings.close()  # so that only those ask the database whom tests let ask
        await recommends.standings.renew()
        recommends.recommender.record = lambda _: None  # so that events are where tests say
        yield World(conninfo, built or schema.build(), running)


_NOW = re.compile(r"20(2[5-9]|[3-9]\d)-\d\d-\d\dT[\d:.]+\+00:00\Z")
_FRESH = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

_SLATE_CURSOR = re.compile(r"WyJyZWNvbW1lbmRhdGlvbnMi[\w-]*")  # base64 of ["recommendations"


def settled(value: Json) -> Json:
    """Return an answer with what is new each time (times of today, fresh ids, tokens) replaced by its kind."""
    match value:
        case dict():
            return {
                key: f"<{key}>" if key in ("accessToken", "refreshToken") and inner else settled(inner)
                for key, inner in value.items()
            }
        case list():
            return [settled(inner) for inner in value]
        case str():
            return _SLATE_CURSOR.sub("<cursor>", _FRESH.sub("<id>", _NOW.sub("<now>", value)))
        case _:
            return value
