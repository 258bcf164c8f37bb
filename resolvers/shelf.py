"""Slates that were made: kept for an hour, so that a client may go on in the one that it is in."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Protocol
from uuid import UUID

import numpy as np
import orjson

from events.slates import Algorithm
from recsys.slates import Ranked

KEPT_S = 3600
FRESH_S = 300.0
"""How long a person who does nothing gets the same slate again."""
MOST = 1_000
"""Slates that a process keeps; the others it asks those for that keep them for all."""


@dataclass(slots=True, eq=False)
class Slate:
    """What was ranked for a person; `asked` says for which question, `made_of` from what."""

    slate_id: UUID
    user_id: UUID
    asked: str
    algorithm: Algorithm
    model_id: UUID | None
    ranked: Ranked
    made_of: object = None
    made_at: float = field(default_factory=time.monotonic)
    recorded: set[int] = field(default_factory=set)
    """Ranks that the log knows of."""
    rows: tuple[bytes, Mapping[str, str | None]] | None = None
    """The rows that were handed out last, and of which ranks."""
    reasons: dict[int, str] = field(default_factory=dict)
    """JSON by rank, of what the person had said as `reasoned` tells."""
    reasoned: object = None

    def packed(self) -> bytes:
        """Return it as bytes, without whose it is and for which question."""
        arrays = (self.ranked.movies, self.ranked.scores, self.ranked.propensities)
        head = orjson.dumps([self.algorithm, self.model_id and str(self.model_id)])
        return head + b"\n" + b"".join(array.tobytes() for array in arrays)


def unpacked(slate_id: UUID, user_id: UUID, asked: str, packed: bytes) -> Slate:
    """Return the slate of these bytes."""
    head, _, rest = packed.partition(b"\n")
    algorithm, model_id = orjson.loads(head)
    third = len(rest) // 3
    ranked = Ranked(
        np.frombuffer(rest[:third], np.int32),
        np.frombuffer(rest[third : 2 * third], np.float32),
        np.frombuffer(rest[2 * third :], np.float32),
    )
    return Slate(slate_id, user_id, asked, Algorithm(algorithm), UUID(model_id) if model_id else None, ranked)


def _key(slate_id: UUID, user_id: UUID, asked: str) -> str:
    """Return what a slate is kept by: only who knows all three finds it, and it tells none of them."""
    return blake2b(f"{slate_id} {user_id} {asked}".encode(), digest_size=16).hexdigest()


class Keeper(Protocol):
    """Keeps bytes for all processes, where it can."""

    async def get(self, key: str) -> bytes | None:
        """Return what was kept; None where it is not known."""

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        """Keep it for so long."""


class Shelf:
    """The slates of one process, the last used ones; `keeper` has those of all."""

    def __init__(self, keeper: Keeper | None) -> None:
        self._keeper = keeper
        self._slates: OrderedDict[UUID, Slate] = OrderedDict()
        self._newest: dict[tuple[UUID, str], Slate] = {}
        self._putting: set[asyncio.Task[None]] = set()

    def newest(self, user_id: UUID, asked: str, made_of: object) -> Slate | None:
        """Return the slate that a person got for this question, unless something is new since."""
        found = self._newest.get((user_id, asked))
        if found is None or found.made_of != made_of or time.monotonic() - found.made_at > FRESH_S:
            return None
        self._slates.move_to_end(found.slate_id)
        return found

    async def find(self, slate_id: UUID, user_id: UUID, asked: str) -> Slate | None:
        """Return a slate of a person, made for this question; None where it is gone."""
        found = self._slates.get(slate_id)
        if found is None and self._keeper:
            packed = await self._keeper.get(_key(slate_id, user_id, asked))
            if packed is not None:
                found = self._slates.setdefault(slate_id, unpacked(slate_id, user_id, asked, packed))
                self._trim()
        elif found:
            self._slates.move_to_end(slate_id)
        return found if found and (found.user_id, found.asked) == (user_id, asked) else None

    def add(self, slate: Slate) -> None:
        """Keep a slate, as the newest of its person and question; nobody waits for others to hear of it."""
        self._slates[slate.slate_id] = slate
        self._newest[slate.user_id, slate.asked] = slate
        self._trim()
        if self._keeper:
            key = _key(slate.slate_id, slate.user_id, slate.asked)
            task = asyncio.create_task(self._keeper.put(key, slate.packed(), KEPT_S))
            self._putting.add(task)
            task.add_done_callback(self._putting.discard)

    def _trim(self) -> None:
        while len(self._slates) > MOST:
            _, old = self._slates.popitem(last=False)
            if self._newest.get((old.user_id, old.asked)) is old:
                del self._newest[old.user_id, old.asked]
