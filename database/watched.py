"""Connections of jobs, whose statements may take long: one that waits in vain for an answer breaks within seconds.

The kernel notices a machine that is gone. It does not notice something in between that takes what is sent and passes
nothing on. So who hears nothing for a while asks over a second connection whether the first is worked for at all.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping
from psycopg.waiting import Ready, Wait

SILENT_S = 2.0
"""How long nothing is heard before the server is asked, again and again."""
_ANSWER_S = 3
_BEAT_S = 0.1

_IS_AT_WORK = "select exists (select from pg_stat_activity where pid = %s and state = 'active')"
_END = "select pg_terminate_backend(%s)"
# the number of a backend that is gone may be another's by now, but that one is younger
_END_LEFT = """
select pg_terminate_backend(pid) from pg_stat_activity
 where pid = %s and backend_start < clock_timestamp() - make_interval(secs => %s)"""
_LEFT: list[tuple[str, int, float]] = []
"""What could not be ended when its connection was given up: where, the backend, and when (monotonic)."""

RV = TypeVar("RV")


class _Impatient(psycopg.Connection[tuple[Any, ...]]):
    def wait(self, gen: PQGen[RV], *args: Any, **given: Any) -> RV:
        return super().wait(gen, *args, **{"timeout": _ANSWER_S} | given)


class WatchedConnection(psycopg.Connection[tuple[Any, ...]]):
    """Raises OperationalError, and frees what it had locked, where an answer is awaited that nobody is at.

    `conninfo` leads to the same server and user.
    """

    conninfo: str

    def wait(self, gen: PQGen[RV], *args: Any, **given: Any) -> RV:
        """Wait as psycopg does, and watch."""
        return super().wait(self._watched(gen), *args, **{"interval": _BEAT_S} | given)

    def end_left(self) -> None:
        """End what connections of this process to this server have left behind when nobody answered."""
        for left in [each for each in _LEFT if each[0] == self.conninfo]:
            _, pid, at = left
            # as who has connected: the role that this connection acts as sees nobody's
            with _Impatient.connect(self.conninfo, autocommit=True) as other:
                other.execute(_END_LEFT, (pid, time.monotonic() - at))
            with suppress(ValueError):  # another thread was as quick
                _LEFT.remove(left)

    def _watched(self, gen: PQGen[RV]) -> Generator[Wait, Ready | int, RV]:
        silent_s = 0.0  # in beats, not by the clock: while this process is held up nothing can be heard
        is_at_work: bool | None = True
        try:
            wanted = next(gen)
            while True:
                came = yield wanted
                if came != Ready.NONE:
                    silent_s, is_at_work = 0.0, True
                elif not is_at_work:  # and an answer that was on its way has not come either
                    if is_at_work is not None:
                        self._ask(_END)
                    else:
                        _LEFT.append((self.conninfo, self.info.backend_pid, time.monotonic()))
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server fell silent")
                elif (silent_s := silent_s + _BEAT_S) >= SILENT_S:
                    silent_s, is_at_work = 0.0, self._ask(_IS_AT_WORK)
                wanted = gen.send(came)
        except StopIteration as end:
            result: RV = end.value
            return result

    def _ask(self, query: LiteralString) -> bool | None:
        """Ask something of this connection's backend; None where the server does not answer."""
        conninfo = make_conninfo(self.conninfo, connect_timeout=_ANSWER_S)
        try:
            with _Impatient.connect(conninfo, autocommit=True) as other:
                row = other.execute(query, [self.info.backend_pid]).fetchone()
        except psycopg.OperationalError:  # perhaps it only has no room for one more connection
            return None if PGconn.ping(conninfo.encode()) == Ping.NO_RESPONSE else True
        return row is not None and row[0]
