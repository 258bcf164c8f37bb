"""`GET /exports/…`: the zip of the person whom the link was given to. `exportMyData` gives the link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, ClassVar

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.auth import Asker, Gate
from app.files import FileEndpoint
from app.metrics import Metrics
from app.reading import BadRequest
from app.requests import Entry
from app.settings import Settings
from resolvers.context import Services
from resolvers.privacy import EXPORT_PATH

COST = 100
"""Points of the address's budget."""
_CHUNK = 1 << 16


class Exports(FileEndpoint):
    """The endpoint. Whoever has the link may fetch the zip, so that a browser can, until it expires."""

    kind: ClassVar[str] = "export"
    path: ClassVar[str] = EXPORT_PATH

    def __init__(self, gate: Gate, settings: Settings, metrics: Metrics, services: Services) -> None:
        super().__init__(gate, settings, metrics)
        self._services = services

    async def respond(self, request: Request, entry: Entry, asker: Asker) -> Response:
        """Make the zip and send it. Raises Overloaded."""
        if request.method not in ("GET", "HEAD"):
            raise BadRequest(405, "METHOD_NOT_ALLOWED", "Use GET.", {"allow": "GET, HEAD"})
        self._gate.admit(asker, COST)
        user_id = self._services.exports.read(request.path_params["token"])
        archive = await self._services.personal_data.export(user_id) if user_id else None
        if archive is None:
            raise BadRequest(
                404, "UNKNOWN_EXPORT", "This link is good no longer: ask for another with exportMyData."
            )
        headers = {
            "content-length": str(archive.seek(0, 2)),
            "content-disposition": 'attachment; filename="my-data.zip"',
        }
        closing = BackgroundTask(archive.close)
        return StreamingResponse(
            _chunks(archive), media_type="application/zip", headers=headers, background=closing
        )


def _chunks(archive: IO[bytes]) -> Iterator[bytes]:
    archive.seek(0)
    while chunk := archive.read(_CHUNK):
        yield chunk
