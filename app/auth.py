"""Who asks: from an access token to the context of a request."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphql import FieldNode, OperationType

from accounts.people import Role
from accounts.sessions import roles_of
from accounts.tokens import CACHED_TOKENS, InvalidToken
from app.addresses import Addresses, Network
from app.budgets import Bucket, Budgets
from app.rounds import Rounds
from resolvers.context import Context, Services, Viewer
from resolvers.documents import Operation
from resolvers.jar import Jar
from resolvers.mapping import Sources

_SEE_ALL = frozenset({Role.OPERATOR, Role.ADMIN})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z", re.ASCII)


@dataclass(frozen=True)
class _Anybody:
    """Mutations that a person needs exactly when their access token has ended."""

    fields: frozenset[str] = frozenset(
        {
            "signUp",
            "signIn",
            "refreshSession",
            "signOut",
            "requestPasswordReset",
            "resetPassword",
            "verifyEmail",
            "__typename",
        }
    )

    def covers(self, operation: Operation) -> bool:
        """Whether an operation does nothing else."""
        selections = operation.node.selection_set.selections
        return operation.node.operation is OperationType.MUTATION and all(
            isinstance(node, FieldNode) and node.name.value in self.fields for node in selections
        )


ANYBODY = _Anybody()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, from where, and whose budget pays."""

    viewer: Viewer | None
    address: str
    bucket: Bucket
    is_valid: bool = True
    """False for somebody with an access token that proves nothing."""
    jar: Jar | None = None
    """Where the refresh token is kept; None where the client keeps it itself."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Gate:
    """Says who asks, and makes the context of each request."""

    def __init__(
        self,
        services: Services,
        sources: Sources,
        budgets: Budgets,
        rounds: Rounds,
        trusted_proxies: Sequence[Network],
        is_production: bool,
    ) -> None:
        self._services, self._sources, self.budgets = services, sources, budgets
        self._rounds = rounds
        self.address = Addresses(trusted_proxies).of
        self._is_production = is_production
        self._viewers: dict[str, Viewer] = {}

    def asker(
        self,
        address: str,
        authorization: str | None,
        headers: Mapping[str, str],
        jar: Jar | None = None,
    ) -> Asker:
        """Return who asks, given where from, the Authorization header, and the others."""
        viewer = self._viewer(authorization) if authorization else None
        # a person pays wherever they are; strangers share the budget of their address
        bucket = self.budgets.bucket(viewer.id if viewer else address)
        is_valid = viewer is not None or not authorization
        return Asker(viewer, address, bucket, is_valid, jar, headers)

    def admit(self, asker: Asker, cost: int = 1) -> None:
        """Take a request, which costs a point whatever comes of it. Raises Overload, RateLimited."""
        self._rounds.admit()
        self.budgets.spend(asker.bucket, cost)

    def _viewer(self, authorization: str) -> Viewer | None:
        """Return whom an Authorization header names, None when its token is not valid."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            claims = self._services.tokens.verify_access(token.strip())
        except InvalidToken:
            return None
        viewer = self._viewers.get(token)
        if viewer is None:
            if len(self._viewers) >= CACHED_TOKENS:
                self._viewers.clear()
            viewer = Viewer(claims.user_id, claims.session_id, frozenset(claims.roles), claims.expires_at)
            self._viewers[token] = viewer
        return viewer

    def context(self, asker: Asker, request_id: str) -> Context:
        """Return the context of one operation."""
        return Context(
            self._services,
            self._sources,
            asker.viewer,
            request_id,
            asker.address,
            asker.jar,
            asker.headers,
        )

    def may_introspect(self, viewer: Viewer | None) -> bool:
        """Whether somebody may ask for the schema, and be told its names in errors and in the editor."""
        return not self._is_production or (viewer is not None and not viewer.roles.isdisjoint(_SEE_ALL))

    async def may_see_page(self, asker: Asker) -> bool:
        """Whether somebody gets the editor: a browser that opens it has no access token, but may have a cookie."""
        if self.may_introspect(asker.viewer):
            return True
        token = asker.jar.token if asker.jar else None
        return token is not None and not (await roles_of(self._services.pool, token)).isdisjoint(_SEE_ALL)


def given_id(headers: Mapping[str, str]) -> str | None:
    """Return what a client calls its request, if that is a sane name."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.match(given) else None


def new_id() -> str:
    """Return a name for a request."""
    return os.urandom(16).hex()
