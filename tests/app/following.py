"""Following what happens, over any transport: what is asked, something that happens, and that nobody follows any more."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.app.serving import Served
from tests.catalogue import movie

LIVE = "subscription ($after: Position) { interactions(after: $after) { position type movie { title } } }"
PROGRESS = "subscription { projectionProgress { name status lag { events } } }"
_VIEW = "mutation ($i: RecordViewInput!) { recordView(input: $i) { event { position } } }"


async def view(served: Served, token: str, key: str = "heat") -> int:
    """Open a movie's page and return the event's position."""
    given = {"i": {"movieId": f"Movie:{movie(key)}"}}
    answer = await served.ask(_VIEW, token=token, variables=given)
    return int(answer["data"]["recordView"]["event"]["position"])


def working() -> Counter[str]:
    """Return how many tasks there are of each coroutine of ours."""
    coroutines = [task.get_coro() for task in asyncio.all_tasks()]
    names = [getattr(coroutine, "__qualname__", "") for coroutine in coroutines]
    return Counter(name for name in names if name.startswith(("GraphQL", "Live.", "Reader.", "Engine.")))


async def idle(served: Served) -> None:
    """Return when nobody follows anything and no task of ours is left; fail when that does not come."""
    async with asyncio.timeout(10):
        while working() or "projectionist_subscriptions 0.0" not in (await served.http.get("/metrics")).text:
            await asyncio.sleep(0.02)
