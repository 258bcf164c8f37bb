"""Which document a request means: the one it sends, one it sent before, or one of the manifest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Literal

from graphql import Lexer, OperationType, Source, TokenKind

from app.asked import Asked
from app.persisted import PersistedQueries
from app.requests import Entry, shown
from resolvers.answers import Answer, error_of
from resolvers.context import Viewer
from resolvers.documents import Operation
from resolvers.engine import Engine
from resolvers.errors import BadOperation, IntrospectionDisabled, Refused

log = logging.getLogger(__name__)

Mode = Literal["off", "log", "enforce"]
"""What is done about documents that the manifest does not have."""
EXCEPTED = frozenset({"operator", "admin"})
"""Who may send any document, whatever the manifest has."""


class PersistedQueryNotFound(Refused):
    """PersistedQueryNotFound"""

    code = "PERSISTED_QUERY_NOT_FOUND"


class PersistedQueryNotSupported(Refused):
    """PersistedQueryNotSupported"""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"


class DocumentTooLarge(Refused):
    """The document is too large."""

    code = "DOCUMENT_TOO_LARGE"


class DocumentNotTrusted(Refused):
    """This server runs only documents of its manifest, and this is none of them. Deploy a manifest that has it."""

    code = "DOCUMENT_NOT_TRUSTED"


FOR_OPERATORS = frozenset({IntrospectionDisabled.code, DocumentNotTrusted.code})
"""Refusals that somebody with a role would not have got."""


class UnknownDocument(Refused):
    """The server's manifest has no document of this id. Send the document itself as `query`."""

    code = "UNKNOWN_DOCUMENT"


class Documents:
    """Finds the document of each request, and has it parsed and validated."""

    def __init__(
        self,
        engine: Engine,
        persisted: PersistedQueries,
        may_introspect: Callable[[Viewer | None], bool],
        *,
        most_bytes: int,
        trusted: Mapping[str, str],
        mode: Mode,
    ) -> None:
        self._engine, self._persisted, self._most_bytes = engine, persisted, most_bytes
        self._may_introspect = may_introspect
        self._trusted, self._texts, self._mode = trusted, frozenset(trusted.values()), mode

    def known(self, asked: Asked) -> str | None:
        """Return the document that a request means, if it is at hand and may be run by anybody, with nothing said of it."""
        query = asked.query
        if asked.persisted is not None or query is None:
            persisted = asked.persisted or {}
            digest = persisted.get("sha256Hash") if persisted.get("version") == 1 else asked.id
            found = self._trusted.get(str(digest)) or self._persisted.known(str(digest))
            query = found if query in (None, found) else None
        return query if query is not None and (self._mode == "off" or query in self._texts) else None

    async def prepare(self, asked: Asked, viewer: Viewer | None, entry: Entry) -> Operation | Answer:
        """Return the operation that a request asks for, or the answer that says why there is none."""
        entry.name = asked.name
        try:
            digest = _digest(asked.persisted) if asked.persisted else None
            query = await self._text(asked, digest, viewer)
        except Refused as refusal:
            return Answer(None, [error_of(refusal, ())])
        may_introspect = self._may_introspect(viewer)
        operation = self._engine.prepare(query, asked.name, asked.variables, may_introspect=may_introspect)
        if isinstance(operation, Operation):
            entry.runs(operation)
            if digest is not None and _may_be_kept(operation, query):
                await self._persisted.keep(digest, query)
            if self._mode == "log" and query not in self._texts:
                said = {"request_id": entry.id, "operation": shown(entry.name), "sha256": _sha256(query)}
                log.info("a document that the manifest does not have", extra=said)
        return operation

    async def _text(self, asked: Asked, digest: str | None, viewer: Viewer | None) -> str:
        enforced = self._mode == "enforce" and not (viewer and EXCEPTED & viewer.roles)
        query = asked.query
        if query is None:
            query = self._trusted.get(digest or asked.id or "")
            if query is not None:
                return query
            if digest is None:
                raise UnknownDocument
            if enforced:
                raise DocumentNotTrusted
            query = await self._persisted.find(digest)
            if query is None:
                raise PersistedQueryNotFound
            return query
        if len(query.encode(errors="replace")) > self._most_bytes:
            raise DocumentTooLarge(f"A document has at most {self._most_bytes} bytes.")
        if digest is not None and digest != _sha256(query):
            raise BadOperation("`sha256Hash` is not that of `query`.")
        if enforced and query not in self._texts:
            raise DocumentNotTrusted
        return query


def _may_be_kept(operation: Operation, query: str) -> bool:
    """Whether no mutation is in it with a text written into it: that may be a password, or what somebody thinks."""
    if all(node.operation is not OperationType.MUTATION for node in operation.parsed.operations.values()):
        return True
    lexer = Lexer(Source(query))
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        if token.kind in (TokenKind.STRING, TokenKind.BLOCK_STRING):
            return False
    return True


def _digest(persisted: Mapping[str, Any]) -> str:
    digest = persisted.get("sha256Hash")
    if persisted.get("version") != 1:
        raise PersistedQueryNotSupported
    if not isinstance(digest, str):
        raise BadOperation("`persistedQuery` has a `sha256Hash`, a text.")
    return digest


def _sha256(query: str) -> str:
    return sha256(query.encode(errors="replace")).hexdigest()
