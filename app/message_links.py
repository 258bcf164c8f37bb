"""Where people come back from messages."""

from __future__ import annotations

import logging
from collections.abc import Callable

import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from app import outgoing
from app.settings import Settings
from database.acting import acting
from database.backlog import Overloaded
from database.errors import DatabaseUnavailable, StatementFailed
from events.errors import Conflict
from notifications.preferences import unsubscribe
from notifications.rendering import unsubscribe_page
from notifications.tracking import note_clicked, note_opened
from resolvers.context import Services

log = logging.getLogger(__name__)

_GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c000000000100010000020144003b")
_NOT_KEPT = {"cache-control": "no-store"}
_FAILURES = (psycopg.Error, PoolTimeout, DatabaseUnavailable, StatementFailed, Overloaded, Conflict)


def routes(settings: Settings, services: Callable[[], Services]) -> list[Route]:
    """Return the routes of links in messages and of the key of web push; none where the server's address is unknown."""
    links, sender = outgoing.links(settings), outgoing.push_sender(settings)

    async def leave(request: Request) -> Response:
        assert links is not None
        followed = links.read("unsubscribe", request.path_params["token"])
        kind = followed.kind if followed else None
        is_done = request.method == "POST"
        if is_done and followed and kind:
            try:
                async with acting(services().pool, followed.user_id) as conn:
                    await unsubscribe(conn, followed.user_id, kind)
            except (psycopg.Error, PoolTimeout):
                return PlainTextResponse("Try again in a minute.", 503, headers={"retry-after": "60"})
        return HTMLResponse(unsubscribe_page(kind, is_done=is_done), 200 if kind else 404, headers=_NOT_KEPT)

    async def opened(request: Request) -> Response:
        assert links is not None
        followed = links.read("open", request.path_params["token"])
        if followed and request.method == "GET":  # HEAD is a program that looks before a person does
            try:
                await note_opened(services().system, followed)
            except (psycopg.Error, PoolTimeout):  # the picture is there all the same
                log.warning("an opened message is not recorded")
        return Response(_GIF, 200 if followed else 404, media_type="image/gif", headers=_NOT_KEPT)

    async def clicked(request: Request) -> Response:
        assert links is not None
        followed = links.read("click", request.path_params["token"])
        page = links.movie(followed.movie_id) if followed and followed.movie_id else None
        if followed is None or page is None:
            return PlainTextResponse("This link does not work (any more).", 404)
        try:
            if request.method == "GET":
                await note_clicked(services().system, services().handler, followed)
        except _FAILURES:  # the person goes on all the same
            log.warning("a followed link is not recorded")
        return RedirectResponse(page, 303, headers=_NOT_KEPT)

    async def push_key(_: Request) -> Response:
        assert sender is not None
        return PlainTextResponse(sender.public_key, headers={"cache-control": "public, max-age=3600"})

    if links is None:
        return []
    return [
        *([Route("/push/key", push_key, methods=["GET"])] if sender else []),
        Route("/unsubscribe/{token}", leave, methods=["GET", "POST"]),
        Route("/opened/{token}", opened, methods=["GET"]),
        Route("/clicked/{token}", clicked, methods=["GET"]),
    ]
