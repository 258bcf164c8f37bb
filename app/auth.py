"""Who asks: from an access token to the context of a request."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import FieldNode, OperationType

from accounts.people import Role
from accounts.tokens import InvalidToken
from resolvers.context import Context, Services, Viewer
from resolvers.documents import Operation
from resolvers.mapping import Sources

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z", re.ASCII)


@dataclass(frozen=True)
class _Anybody:
    """Mutations that a person needs exactly when their access token has ended."""

    fields: frozenset[str] = frozenset({"signUp", "signIn", "refreshSession", "signOut", "__typename"})

    def covers(self, operation: Operation) -> bool:
        """Whether an operation does nothing else."""
        selections = operation.node.selection_set.selections
        return operation.node.operation is OperationType.MUTATION and all(
            isinstance(node, FieldNode) and node.name.value in self.fields for node in selections
        )


ANYBODY = _Anybody()


class Gate:
    """Makes the context of each request."""

    def __init__(self, services: Services, sources: Sources, is_production: bool) -> None:
        self._services, self._sources, self._is_production = services, sources, is_production

    def context(self, headers: Mapping[str, str], request_id: str) -> Context | None:
        """Return the context of a request, None when its access token is not valid."""
        authorization = headers.get("authorization", "")
        if not authorization:
            return self.of(None, request_id)
        viewer = self.viewer(authorization)
        return self.of(viewer, request_id) if viewer else None

    def viewer(self, authorization: str) -> Viewer | None:
        """Return whom an Authorization header names, None when its token is not valid."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            claims = self._services.tokens.verify_access(token.strip())
        except InvalidToken:
            return None
        return Viewer(claims.user_id, claims.session_id, frozenset(claims.roles))

    def of(self, viewer: Viewer | None, request_id: str) -> Context:
        """Return the context of one operation; None is somebody who did not sign in."""
        return Context(self._services, self._sources, viewer, request_id)

    def may_introspect(self, viewer: Viewer | None) -> bool:
        """Whether somebody may ask for the schema, and be told its names in errors and in the editor."""
        return not self._is_production or (
            viewer is not None and not viewer.roles.isdisjoint((Role.OPERATOR, Role.ADMIN))
        )

    @staticmethod
    def request_id(headers: Mapping[str, str]) -> str:
        """Return the request's id: the client's own when it is a sane one."""
        given = headers.get("x-request-id", "")
        return given if _REQUEST_ID.match(given) else uuid.uuid4().hex
