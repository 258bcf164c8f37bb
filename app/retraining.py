"""Training a recommender once a day, in a process of its own that lets everybody else go first."""

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
_TRAINED_SINCE = "select exists (select from models where trained_at >= %(since)s)"


class Retraining:
    """Begins a training when the time of day (UTC) has passed and nobody has trained since; one try a day."""

    def __init__(self, conninfo: str, models_dir: Path, at: time) -> None:
        self._conninfo, self._models_dir, self._at = conninfo, models_dir, at
        self._tried: date | None = None
        self._running: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def round(self, conn: Conn) -> None:
        """Begin if it is time, or say how it ended; returns at once."""
        if self._running is not None:
            self._look_after()
            return
        now = datetime.now(UTC)
        since = datetime.combine(now, self._at, UTC)
        if now < since or self._tried == now.date():
            return
        self._tried = now.date()
        (is_done,) = conn.execute(_TRAINED_SINCE, {"since": since}).fetchone() or (False,)
        if not is_done:
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
