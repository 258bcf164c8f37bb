"""What can be followed, over graphql-transport-ws or server-sent events."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import strawberry

from resolvers.context import Context
from resolvers.mapping import Many, One, Stream
from schema.chat import ChatSubscriptions
from schema.fields import mapped
from schema.log import STATUSES, Event, Projection
from schema.scalars import Position

Values = Mapping[str, str | None]


def _interactions(context: Context, given: Mapping[str, Any]) -> AsyncGenerator[Values, None]:
    return context.services.live.interactions(context.require_viewer().id, given.get("after"))


def _progress(context: Context, _: Mapping[str, Any]) -> AsyncGenerator[Values, None]:
    return context.services.live.progress()


@strawberry.type(description="What can be followed as it happens.")
class Subscription(ChatSubscriptions):
    @mapped(
        Stream(_interactions, then=One("events", of="{v_position:bigint}", key="position")),
        "The viewer's own actions, from any of their devices, in order. With `after`, those that were missed come first.",
    )
    async def interactions(self, after: Position | None = None) -> AsyncGenerator[Event, None]:
        yield Event()  # pragma: no cover

    @mapped(
        Stream(_progress, then=Many(f"{STATUSES} {{t}}", order="{t}.name")),
        "Every projection, again whenever one moves (operators).",
        role="operator",
    )
    async def projection_progress(self) -> AsyncGenerator[list[Projection], None]:
        yield []  # pragma: no cover
