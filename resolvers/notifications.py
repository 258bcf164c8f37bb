"""What a person chooses to be told of, and what stood above messages to them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from notifications.content import Content
from notifications.preferences import set_preferences
from notifications.rendering import subject
from resolvers.context import Context
from resolvers.interactions import Payload, refused
from resolvers.sealed import Row, opens

_CAPITAL = re.compile("[A-Z]")


async def choose_notifications(context: Context, given: Mapping[str, Any]) -> Payload:
    """Change what a person wants to be told of; every value that is refused is named."""
    viewer = context.require_viewer()
    changes = {_CAPITAL.sub(lambda c: "_" + c[0].lower(), name): value for name, value in given.items()}
    async with context.acting() as conn:
        rejections = await set_preferences(conn, viewer.id, changes)
    if rejections:
        return refused(*rejections, viewer=str(viewer.id))
    return {"errors": "[]", "viewer": str(viewer.id)}


def subjects(purpose: str) -> Callable[[Context, Sequence[Row]], Awaitable[Sequence[str | None]]]:
    """Return what makes subjects of rows of an owner's id and sealed content."""
    opened = opens(purpose)

    async def resolve(context: Context, rows: Sequence[Row]) -> Sequence[str | None]:
        return [text and subject(Content.parse(text)) for text in await opened(context, rows)]

    return resolve
