"""Training a recommender once a day, or the first one of all, in a process of its own that lets everybody else go first."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import IO

import psutil

from projections.checkpoints import Conn

log = logging.getLogger(__name__)

_LOWEST = 19  # of Unix' priorities
_TRAINED = "select exists (select from models)"
_TRAINED_SINCE = "select exists (select from models where trained_at >= %(since)s)"


class Retraining:
    """Begins a training when the time of day (UTC) has passed and nobody has trained since; one try a day.

    With `first`, one is begun at once where nobody has ever trained.
    """

    def __init__(self, conninfo: str, models_dir: Path, at: time | None, *, first: bool = False) -> None:
        self._conninfo, self._models_dir, self._at, self._first = conninfo, models_dir, at, first
        self._tried: date | None = None
        self._running: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def round(self, conn: Conn) -> None:
        """Begin if it is time, or say how it ended; returns at once."""
        if self._running is not None:
            self._look_after()
            return
        if self._first:
            self._first = False
            if not _is(conn, _TRAINED, {}):
                self._begin()
                return
        if self._at is None:
            return
        now = datetime.now(UTC)
        since = datetime.combine(now, self._at, UTC)
        if now < since or self._tried == now.date():
            return
        self._tried = now.date()
        if not _is(conn, _TRAINED_SINCE, {"since": since}):
            self._begin()

    def stop(self) -> None:
        """End a training that runs; it leaves nothing."""
        if self._running is not None:
            self._running.terminate()
            self._running.wait()
            self._end()

    def _begin(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 it is read when the process has ended
        self._running = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "recsys", "train", "--promote"],
            env={
                **os.environ,
                "DATABASE_URL": self._conninfo,
                "PROJECTIONIST_MODELS_DIR": str(self._models_dir),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
        )
        psutil.Process(self._running.pid).nice(_LOWEST)

    def _look_after(self) -> None:
        assert self._running is not None
        code = self._running.poll()
        if code == 0:
            self._end()
            log.info("retrained")
        elif code is not None:
            log.warning("retraining failed", extra={"code": code, "reason": self._end()})

    def _end(self) -> str:
        """Forget the process; return the last line that it said."""
        assert self._said is not None
        with self._said as said:
            said.seek(0)
            lines = said.read().decode(errors="replace").splitlines()
        self._running = self._said = None
        return lines[-1] if lines else ""


def _is(conn: Conn, question: str, values: dict[str, datetime]) -> bool:
    (answer,) = conn.execute(question, values).fetchone() or (False,)
    return bool(answer)
