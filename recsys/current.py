"""The model that serves in this process: promotions in the log are noticed, and the new model takes the old one's place."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from database.connect import Pool
from recsys.following import Following

if TYPE_CHECKING:
    from recsys.model import Model

log = logging.getLogger(__name__)

POLL_S = 1.0
RETRY_S = 30.0
"""How long files that were refused are left alone: they may still be on their way here."""

_SERVING = "select model_id, digest from models where state = 'SERVING'"


@dataclass(frozen=True, slots=True)
class Serving:
    """A model whose arrays are mapped into memory."""

    model_id: UUID
    model: Model


class CurrentModel(Following):
    """Follows the promotions over a pool; `current` is None until a model could be loaded.

    Files that are missing or damaged are refused with a line of the log, and the model before them goes on.
    """

    def __init__(self, pool: Pool, folder: Path) -> None:
        self._pool, self._folder = pool, folder
        self.current: Serving | None = None
        self._refused: tuple[UUID, float] | None = None
        self.on_serving: Callable[[], Awaitable[object]] | None = None
        """Called when there is a model that was not there before."""

    async def _look(self) -> float:
        async with self._pool.connection() as conn:
            wanted = await (await conn.execute(_SERVING)).fetchone()
        if wanted is not None:
            await self._take(*wanted)
        return POLL_S

    async def _take(self, model_id: UUID, digest: str) -> None:
        if self.current is not None and self.current.model_id == model_id:
            return
        before, until = self._refused or (None, 0.0)
        if before == model_id and time.monotonic() < until:
            return
        model = await asyncio.to_thread(_loaded, self._folder, model_id, digest)
        if isinstance(model, str):
            if before != model_id:
                log.error("a model was refused", extra={"model": str(model_id), "reason": model})
            self._refused = model_id, time.monotonic() + RETRY_S
            return
        self.current, self._refused = Serving(model_id, model), None
        log.info("a model serves", extra={"model": str(model_id)})
        if self.on_serving:
            await self.on_serving()


def _loaded(folder: Path, model_id: UUID, digest: str) -> Model | str:
    """Return the model, or why there is none."""
    # here and not above: a server without a model does without what models need, and nobody waits for the import
    from recsys.model import ModelDamaged
    from recsys.store import ModelStore

    try:
        return ModelStore(folder).load(model_id, digest)
    except (ModelDamaged, OSError) as reason:
        return str(reason)
