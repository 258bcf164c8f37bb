"""What happens, as it happens: one tail of the log for everybody who listens in this process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from uuid import UUID

from database.errors import DatabaseUnavailable, StatementFailed
from database.pipeline import Lane, Rows, Statement
from projections.history import OF_NO_MOVIE
from projections.newest import types
from resolvers.errors import Refused

# What is not in the history is no action of a person's, and is appended without their lock: its positions prove nothing.
_OWN = f"(e.movie_id is not null or e.type in ({types(*OF_NO_MOVIE)}))"
_NOW = Statement("select pg_current_snapshot()::text")
_TICK = Statement(f"""
with now as (select pg_current_snapshot() as s)
select (select s::text from now), t.position, t.user_id
  from (select 1) one
  left join lateral (
    select e.position, e.user_id from events e, now
     where e.xid >= pg_snapshot_xmax($1::pg_snapshot) and e.xid < pg_snapshot_xmax(now.s)
       and pg_visible_in_snapshot(e.xid, now.s) and {_OWN}
    union all
    select e.position, e.user_id from events e, now
     where e.xid = any (array(select pg_snapshot_xip($1::pg_snapshot))) and pg_visible_in_snapshot(e.xid, now.s)
       and {_OWN}
  ) t on true
 order by t.position""")
_BACKLOG = Statement(
    "select position from history where user_id = $1::uuid and position > $2::bigint order by position limit 1000"
)
_PROGRESS = Statement("select md5(string_agg(c::text, '' order by name)) from checkpoints c")

WAITING = 1_000
"""Events a slow listener may have waiting; past that its subscription ends, and it resumes from its last position."""

PAUSE_S = 0.5
"""How long to leave a database alone that is away."""


class TooFarBehind(Refused):
    """You did not take the events fast enough. Subscribe again with `after: <last position>`; nothing is lost."""

    code = "TOO_FAR_BEHIND"


class Live:
    """Tails the log while anybody listens; an append of this process nudges it, other processes' are polled for."""

    def __init__(self, lane: Lane, *, poll_s: float = 0.1) -> None:
        self._lane = lane
        self._poll_s = poll_s
        self._listeners: defaultdict[str, set[asyncio.Queue[int | None]]] = defaultdict(set)
        self._nudged = asyncio.Event()
        self._tail: asyncio.Task[None] | None = None
        self._started = asyncio.Event()

    def nudge(self) -> None:
        """Say that something was appended."""
        self._nudged.set()

    async def close(self) -> None:
        """End the tail."""
        if self._tail:
            self._tail.cancel()
            await asyncio.gather(self._tail, return_exceptions=True)

    async def interactions(
        self, user_id: UUID, after: int | None
    ) -> AsyncGenerator[Mapping[str, str | None], None]:
        """Yield the position of each event of a person in order, those after a position first. Raises TooFarBehind.

        Positions of one person are in the order of their commits (the person is the lock), so the last position that
        was received is all that a client needs to go on without a gap.
        """
        queue: asyncio.Queue[int | None] = asyncio.Queue(WAITING)
        key = str(user_id)
        self._listeners[key].add(queue)
        try:
            await self._listening()
            last = after
            while last is not None:
                rows = await self._backlog(key, last)
                for (position,) in rows:
                    last = int(position or 0)
                    yield {"position": str(last)}
                if not rows:
                    break
            while True:
                position_ = await queue.get()
                if position_ is None:
                    raise TooFarBehind
                if last is None or position_ > last:
                    last = position_
                    yield {"position": str(position_)}
        finally:
            self._listeners[key].discard(queue)
            if not self._listeners[key]:
                del self._listeners[key]

    async def _backlog(self, user_id: str, after: int) -> Rows:
        """Return the next events of a person; while the database is away, wait for it as the tail does."""
        while True:
            try:
                (rows,) = await self._lane.run([(_BACKLOG, (user_id.encode(), b"%d" % after))])
                return rows
            except DatabaseUnavailable:
                await asyncio.sleep(PAUSE_S)
            except StatementFailed as failure:
                if not failure.sqlstate.startswith("57P"):  # the server is being stopped
                    raise
                await asyncio.sleep(PAUSE_S)

    async def progress(self, every_s: float = 0.25) -> AsyncGenerator[Mapping[str, str | None], None]:
        """Yield at once, and then whenever a checkpoint has changed."""
        known: object = ()
        while True:
            ((row,),) = await self._lane.run([(_PROGRESS, ())])
            if row != known:
                known = row
                yield {}
            await asyncio.sleep(every_s)

    async def _listening(self) -> None:
        """Return when the tail has begun: from then on no event is missed."""
        if self._tail is None or self._tail.done():
            self._started.clear()
            self._tail = asyncio.create_task(self._follow())
        await self._started.wait()

    async def _follow(self) -> None:
        snapshot: bytes | None = None
        while self._listeners:
            self._nudged.clear()
            try:
                if snapshot is None:
                    (((snapshot,),),) = await self._lane.run([(_NOW, ())])
                    self._started.set()
                (rows,) = await self._lane.run([(_TICK, (snapshot,))])
            except (DatabaseUnavailable, StatementFailed):
                # the snapshot is kept: what happens meanwhile comes with the next tick
                await asyncio.sleep(PAUSE_S)
                continue
            snapshot = rows[0][0]
            for _, position, user_id in rows:
                if position is not None and user_id is not None:
                    self._tell(user_id.decode(), int(position))
            try:
                async with asyncio.timeout(self._poll_s):
                    await self._nudged.wait()
            except TimeoutError:
                pass
        self._started.clear()

    def _tell(self, user_id: str, position: int) -> None:
        for queue in self._listeners.get(user_id, ()):
            if queue.qsize() >= WAITING - 1:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
            else:
                queue.put_nowait(position)
