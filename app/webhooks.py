"""Where providers say what became of messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app import outgoing
from app.settings import Settings
from notifications.webhooks import BadWebhook, take
from resolvers.context import Services

_MOST_BYTES = 1_048_576
"""Of a body: SendGrid gathers 768 KB."""


def routes(settings: Settings, services: Callable[[], Services]) -> list[Route]:
    """Return the route of webhooks; none where no key of a provider is set."""
    providers = outgoing.providers(settings)

    async def webhook(request: Request) -> Response:
        provider = providers.get(request.path_params["provider"])
        if provider is None:
            return PlainTextResponse("There is no such provider here.", 404)
        try:
            async with asyncio.timeout(settings.request_timeout_s):
                body = await _body(request)
            said = list(provider.read(request.headers, body))
        except (BadWebhook, TimeoutError, ClientDisconnect):
            return PlainTextResponse("This is not signed as it should be, or not readable.", 400)
        try:
            await take(services().system, said)
        except (psycopg.Error, PoolTimeout):
            return PlainTextResponse("Try again later.", 503, headers={"retry-after": "60"})
        return Response(status_code=204)

    return [Route("/webhooks/{provider}", webhook, methods=["POST"])] if providers else []


async def _body(request: Request) -> bytes:
    """Return the body. Raises BadWebhook for one that is too large, ClientDisconnect."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise BadWebhook
    return body
