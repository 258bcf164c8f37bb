"""What a person brings from another service: uploaded, looked at, confirmed, and perhaps undone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any
from uuid import UUID

from events.errors import Rejected
from imports.told import BadExport
from resolvers.context import Context
from resolvers.errors import UnreadableExport
from resolvers.ids import global_id, uuid_of
from resolvers.interactions import Payload, refused

ANSWER_S = 5.0
"""How long an answer waits for an import, which goes on when that is over: its status says how far it is."""

_import_uuid = uuid_of("Import")


async def upload(context: Context, name: str, body: bytes) -> str:
    """Keep the preview of an export; return the import's global id. Raises Unauthenticated, UnreadableExport."""
    viewer = context.require_viewer()
    try:
        import_id = await context.services.imports.preview(viewer.id, name, body)
    except BadExport as bad:
        raise UnreadableExport(str(bad)) from bad
    return global_id("Import", import_id)


async def confirm(context: Context, given: Mapping[str, Any]) -> Payload:
    """Import what was previewed."""
    viewer, import_id = context.require_viewer(), UUID(_import_uuid(given["importId"]))
    replaces = given["conflicts"].value == "REPLACE"
    return await _done(context.services.imports.confirm(viewer.id, import_id, replaces=replaces), import_id)


async def undo(context: Context, given: Mapping[str, Any]) -> Payload:
    """Take a whole import back."""
    viewer, import_id = context.require_viewer(), UUID(_import_uuid(given["importId"]))
    return await _done(context.services.imports.undo(viewer.id, import_id), import_id)


async def _done(work: Awaitable[None], import_id: UUID) -> Payload:
    try:
        async with asyncio.timeout(ANSWER_S):
            await work
    except Rejected as rejection:
        return refused(rejection, **{"import": str(import_id)})
    except TimeoutError:
        pass
    return {"errors": "[]", "import": str(import_id)}
