"""What recommends, loaded when it is first needed: a process without it is an eighth smaller, and starts sooner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from recsys.standing import Standings
    from resolvers.common_lists import CommonLists
    from resolvers.recommender import Recommender


@dataclass(frozen=True, slots=True)
class Recommends:
    """What recommends, and what it is made of."""

    standings: Standings
    recommender: Recommender
    common_lists: CommonLists


class Recommending:
    """Loads it once; `load` runs in a thread."""

    def __init__(self, load: Callable[[], Recommends]) -> None:
        self._load = load
        self._loaded: Recommends | None = None
        self._loading = asyncio.Lock()

    async def now(self) -> Recommends:
        """Return what recommends."""
        async with self._loading:
            if self._loaded is None:
                self._loaded = await asyncio.to_thread(self._load)
                self._loaded.standings.start()
            return self._loaded

    @property
    def model_id(self) -> UUID | None:
        """The model that recommendations are made with; None without one."""
        return self._loaded.standings.model_id if self._loaded else None

    def catalogue_changed(self) -> None:
        """Say that it did."""
        if self._loaded:
            self._loaded.standings.catalogue_changed()

    async def close(self) -> None:
        """End."""
        if self._loaded:
            await self._loaded.standings.close()
