"""One PostgreSQL connection shared by everybody who waits: libpq's pipeline mode on the event loop.

A group of statements goes out in one write and ends with one Sync, so it is a transaction of its own and a failing
group fails alone. Statements are prepared once a connection, and forgotten when they are too many, each before a Sync
of its own: a group that fails would undo it without telling the groups behind it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import AsyncConnection, errors, pq
from psycopg.pq import abc

from database.errors import DatabaseUnavailable, StatementFailed
from database.pulse import Pulse

log = logging.getLogger(__name__)

Value = bytes | None
PREPARED = 256
"""How many prepared statements a connection keeps."""
PROBE_S = 1.0
"""How long nobody asks anything before the server is asked for a sign of life, and how long that may take."""
GRACE_S = 0.2
"""How long to wait for a connection at least."""

_SYNC = ("sync", b"")
_PREPARED = ("prepared", b"")
"""The ends of a group, and of what stands outside of groups."""

_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)


_names = itertools.count(1)


class Statement:
    """One SQL text with `$1`-style parameters in text format; its name is the same on every connection."""

    __slots__ = ("name", "sql")

    def __init__(self, sql: str) -> None:
        self.sql = sql.encode()
        self.name = b"s%d" % next(_names)


Call = tuple[Statement, Sequence[Value]]
Rows = list[list[Value]]


@dataclass(slots=True)
class _Group:
    calls: Sequence[Call]
    done: asyncio.Future[list[Rows]]
    rows: list[Rows] = field(default_factory=list)
    failure: StatementFailed | None = None


class Lane:
    """One connection in pipeline mode; `run` may be called by any number of tasks, answers come in order.

    A connection is given up when the server says nothing for `answer_s` though an answer is due, which is to be as
    long as a statement may take: a network can break without a word.
    """

    def __init__(self, conninfo: str, *, wait_s: float = 2.0, answer_s: float = 5.0) -> None:
        self._conninfo = conninfo
        self._wait_s = wait_s
        self._answer_s = answer_s
        self._pulse = Pulse(self._on_silence)
        self._away_since = 0.0
        self._prepared: OrderedDict[bytes, None] = OrderedDict()
        self._sent: deque[_Group] = deque()
        self._expected: deque[tuple[str, bytes]] = deque()
        self._conn: abc.PGconn | None = None
        self._up = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._gone: asyncio.Future[None] | None = None
        self._writing = False
        self.session = 0
        """The number of the connection: a transaction that one began cannot go on in another."""

    async def open(self) -> None:
        """Begin to connect, and to connect again whenever the connection is lost, until `close`."""
        if self._keeper is None:
            self._away_since = asyncio.get_running_loop().time()
            self._keeper = asyncio.create_task(self._keep_connected())

    async def close(self) -> None:
        """Close the connection; whoever still waits gets DatabaseUnavailable."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        self._lost("the server is stopping")

    @property
    def is_up(self) -> bool:
        """Whether the connection stands at this moment."""
        return self._up.is_set()

    async def run(self, calls: Sequence[Call], *, session: int | None = None) -> list[Rows]:
        """Run the statements as one group and return the rows of each, every value as text bytes or None.

        Raises StatementFailed with the first error of the group, DatabaseUnavailable when there is no connection
        and has been none for the waiting time, it breaks, or it is not the one of this `session`.
        """
        if not self._up.is_set():
            now = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(max(now + GRACE_S, self._away_since + self._wait_s)):
                    await self._up.wait()
            except TimeoutError:
                raise DatabaseUnavailable("no connection to the database") from None
        if session is not None and session != self.session:
            raise DatabaseUnavailable("the connection of the transaction broke")
        return await self.send(calls)

    def send(self, calls: Sequence[Call]) -> asyncio.Future[list[Rows]]:
        """Send the statements as one group now; the future is what `run` returns or raises."""
        group = _Group(calls, asyncio.get_running_loop().create_future())
        try:
            self._put(group)
        except errors.OperationalError as error:
            self._lost(str(error))
        except Exception:
            group.done.cancel()
            self._lost("a group that cannot be sent was half sent")
            raise
        return group.done

    def _put(self, group: _Group) -> None:
        conn = self._conn
        if conn is None:
            group.done.set_exception(DatabaseUnavailable("no connection to the database"))
            return
        if not self._expected:
            self._pulse.heard()
        self._sent.append(group)
        for statement, _ in group.calls:
            self._prepare(conn, statement)
        for statement, values in group.calls:
            conn.send_query_prepared(statement.name, values)
            self._expected.append(("rows", statement.name))
        conn.pipeline_sync()
        self._expected.append(_SYNC)
        self._flush()

    def _prepare(self, conn: abc.PGconn, statement: Statement) -> None:
        if statement.name in self._prepared:
            self._prepared.move_to_end(statement.name)
            return
        if len(self._prepared) == PREPARED:
            oldest, _ = self._prepared.popitem(last=False)
            conn.send_close_prepared(oldest)
            self._expected.append(("close", oldest))
        conn.send_prepare(statement.name, statement.sql)
        self._expected.append(("prepare", statement.name))
        self._prepared[statement.name] = None
        conn.pipeline_sync()
        self._expected.append(_PREPARED)

    def _flush(self) -> None:
        conn = self._conn
        assert conn is not None
        if conn.flush() and not self._writing:
            self._writing = True
            asyncio.get_running_loop().add_writer(self._socket, self._on_writable)

    def _on_writable(self) -> None:
        conn = self._conn
        try:
            if conn is not None and not conn.flush():
                self._writing = False
                asyncio.get_running_loop().remove_writer(self._socket)
        except errors.OperationalError as error:
            self._lost(str(error))

    def _on_readable(self) -> None:
        conn = self._conn
        if conn is None:
            return
        self._pulse.heard()
        try:
            conn.consume_input()
            while self._expected and not conn.is_busy():
                result = conn.get_result()
                if result is None and self._expected[0] in (_SYNC, _PREPARED):
                    break
                self._take(result)
        except errors.OperationalError as error:
            self._lost(str(error))
            return
        if conn.status == pq.ConnStatus.BAD:
            self._lost("the connection was closed")

    def _take(self, result: abc.PGresult | None) -> None:
        """Match one result to what was sent: each command ends with None, a group ends with its Sync."""
        expected, name = self._expected[0]
        if result is None:
            self._expected.popleft()
            return
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            self._expected.popleft()
            if expected != "sync":
                return
            group = self._sent.popleft()
            if group.done.done():
                return
            if group.failure:
                group.done.set_exception(group.failure)
            else:
                group.done.set_result(group.rows)
            return
        if not self._sent:
            return
        group = self._sent[0]
        if result.status in _FAILED:
            if group.failure is None and result.status == pq.ExecStatus.FATAL_ERROR:
                group.failure = StatementFailed.of(result)
            if expected == "prepare":
                self._prepared.pop(name, None)
        elif expected == "rows":
            width = range(result.nfields)
            group.rows.append(
                [[result.get_value(row, column) for column in width] for row in range(result.ntuples)]
            )

    def _on_silence(self, silent_s: float) -> None:
        if self._conn is None or silent_s < (self._answer_s if self._sent else PROBE_S):
            return
        if self._expected:
            self._lost("the server does not answer")
            return
        self._pulse.heard()
        self._conn.pipeline_sync()
        self._expected.append(_PREPARED)
        try:
            self._flush()
        except errors.OperationalError as error:
            self._lost(str(error))

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        delay = 0.05
        while True:
            try:
                self._made = await self._connect()
            except errors.OperationalError as error:
                log.warning("database away", extra={"reason": str(error).partition("\n")[0]})
                await asyncio.sleep(delay)
                delay = min(delay * 2, 1.0)
                continue
            delay = 0.05
            conn = self._conn = self._made.pgconn
            # libpq closes its own when the connection breaks, before we can let go
            self._socket = os.dup(conn.socket)
            self.session += 1
            self._prepared.clear()
            self._gone = loop.create_future()
            loop.add_reader(self._socket, self._on_readable)
            self._up.set()
            self._pulse.start()
            await self._gone

    async def _connect(self) -> AsyncConnection:
        # not pq.PGconn.connect in a thread: it holds the interpreter's lock until the server answers
        made = await AsyncConnection.connect(self._conninfo, autocommit=True)
        made.pgconn.nonblocking = 1
        made.pgconn.enter_pipeline_mode()
        return made

    def _lost(self, reason: str) -> None:
        conn, self._conn = self._conn, None
        self._up.clear()
        if conn is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._socket)
            loop.remove_writer(self._socket)
            os.close(self._socket)
            self._writing = False
            conn.finish()
            self._away_since = loop.time() - self._pulse.stop()
        self._expected.clear()
        while self._sent:
            group = self._sent.popleft()
            if not group.done.done():
                group.done.set_exception(DatabaseUnavailable(reason))
        if self._gone and not self._gone.done():
            self._gone.set_result(None)
