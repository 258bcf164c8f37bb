"""What is shown of recommendations that were computed ahead: the log is told of each place once, after the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

import psycopg

from database.connect import Pool
from events.facts import Event
from events.handle import FoldInline
from events.queued import Queue, Write
from events.record import append_alone
from events.slates import Algorithm, serve_places
from resolvers.ids import cursor_component, page_size
from resolvers.mapping import Key

STORED = "user_recommendations"
RANK = Key("{t}.rank", "bigint")
GATHER_S = 1.0
"""How long looks at the same page are gathered: they are one."""
SURE_S = 1.0
"""What was stored no longer than this before a look may not have been there yet: then nothing is told of it."""

# those whom another process is just telling of are passed over
_SHOW = f"""
with looks as (
  select * from unnest(%(users)s::uuid[], %(algorithms)s::text[], %(after)s::bigint[], %(before)s::bigint[],
                       %(sizes)s::integer[], %(backward)s::boolean[], %(ago)s::float8[])
    as l (user_id, algorithm, after, before, size, is_backward, ago)),
seen as (
  select distinct l.user_id, l.algorithm, p.rank
    from looks l
   cross join lateral (
     select r.rank from {STORED} r
      where r.user_id = l.user_id and r.algorithm = l.algorithm
        and (l.after is null or r.rank > l.after) and (l.before is null or r.rank < l.before)
        and r.generated_at < now() - make_interval(secs => l.ago + {SURE_S})
      order by case when l.is_backward then -r.rank else r.rank end limit l.size) p),
new as (
  select user_id, algorithm, rank from {STORED} r join seen using (user_id, algorithm, rank)
   where r.shown_at is null for update of r skip locked)
update {STORED} r set shown_at = now()
  from new where (r.user_id, r.algorithm, r.rank) = (new.user_id, new.algorithm, new.rank)
returning r.user_id, r.slate_id, r.algorithm, r.model_id, r.rank, r.movie_id, r.score, r.propensity"""


@dataclass(frozen=True, slots=True)
class Look:
    """A page that a person was shown, by the ranks it lies between."""

    user_id: str
    algorithm: str
    after: str | None
    before: str | None
    size: str
    is_backward: bool


class ShownAhead:
    """Gathers looks at what was computed ahead, and tells the log which places they showed."""

    def __init__(self, pool: Pool, fold_inline: FoldInline) -> None:
        self._queue = Queue(pool, _telling(fold_inline), "what was shown of what was computed ahead")
        self._looks: dict[Look, float] = {}
        self._gathering: asyncio.TimerHandle | None = None

    def note(self, user_id: str, given: Mapping[str, Any]) -> None:
        """Take a page that was shown; see Engine.on_slate."""
        last = given.get("last")
        look = Look(
            user_id=user_id,
            algorithm=given["algorithm"].name,
            after=_rank(given.get("after")),
            before=_rank(given.get("before")),
            size=page_size(given.get("first") if last is None else last),
            is_backward=last is not None,
        )
        self._looks[look] = time.monotonic()
        if self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(GATHER_S, self._hand_over)

    async def close(self) -> None:
        """Tell what waits, for a while."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._hand_over()
        await self._queue.close()

    def _hand_over(self) -> None:
        self._queue.add(list(self._looks.items()))
        self._looks.clear()
        self._gathering = None


def _rank(cursor: str | None) -> str | None:
    (convert,) = cursor_component(STORED, (RANK.type,))
    return None if cursor is None else convert(cursor)


def _telling(fold_inline: FoldInline) -> Write[tuple[Look, float]]:
    async def tell(conn: psycopg.AsyncConnection[Any], looks: Sequence[tuple[Look, float]]) -> None:
        now = time.monotonic()
        values = {
            "users": [look.user_id for look, _ in looks],
            "algorithms": [look.algorithm for look, _ in looks],
            "after": [look.after for look, _ in looks],
            "before": [look.before for look, _ in looks],
            "sizes": [look.size for look, _ in looks],
            "backward": [look.is_backward for look, _ in looks],
            "ago": [now - at for _, at in looks],
        }
        async with conn.transaction():
            rows = await (await conn.execute(_SHOW.encode(), values)).fetchall()
            if facts := _facts(rows):
                await conn.execute(*append_alone(facts, fold_inline))

    return tell


def _facts(rows: Sequence[tuple[Any, ...]]) -> list[Event]:
    """Return what is recorded of places that were shown for the first time."""

    def slate(row: tuple[Any, ...]) -> tuple[UUID, UUID, str, UUID | None]:
        return row[:4]

    facts: list[Event] = []
    ordered = sorted(rows, key=lambda row: (*row[:3], row[4]))
    for (user_id, slate_id, algorithm, model_id), places in groupby(ordered, slate):
        facts += serve_places(
            user_id=user_id,
            slate_id=slate_id,
            algorithm=Algorithm(algorithm),
            model_id=model_id,
            places=[row[4:] for row in places],
        )
    return facts
