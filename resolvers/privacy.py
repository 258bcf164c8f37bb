"""What a person may do with all that is kept of them: have it, or have it destroyed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from events.errors import Rejected
from resolvers.context import Context
from resolvers.interactions import Payload, refused
from resolvers.people import changes_of, proof_of

EXPORT_PATH = "/exports/"
EXPORT_TTL = timedelta(minutes=10)


async def export_my_data(context: Context, given: Mapping[str, Any]) -> Payload:
    """Return where the zip of the viewer is, for as long as the link is good."""
    viewer = context.require_viewer()
    try:
        await changes_of(context).prove(proof_of(context, given))
    except Rejected as rejection:
        return refused(rejection, url=None, expires_at=None)
    expires_at = (datetime.now(UTC) + EXPORT_TTL).isoformat()
    return {
        "errors": "[]",
        "url": EXPORT_PATH + context.services.exports.sign(viewer.id),
        "expires_at": expires_at,
    }


async def erase_account(context: Context, given: Mapping[str, Any]) -> Payload:
    """Erase the viewer, for ever."""
    viewer = context.require_viewer()
    try:
        await changes_of(context).prove(proof_of(context, given))
    except Rejected as rejection:
        return refused(rejection, erased=None)
    await context.services.personal_data.erase(viewer.id)
    if context.jar:
        context.jar.keep(None)
    return {"errors": "[]", "erased": str(viewer.id)}
