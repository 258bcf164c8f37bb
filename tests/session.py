"""The folder of one test session: embedded servers live in it, in memory where the machine has memory to mount."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.embedded import EmbeddedError, stop_left_running

_PREFIX = "projectionist-tests-"
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Session:
    """A folder that is ours as long as `lock` is held."""

    folder: Path
    lock: IO[str]

    def end(self) -> None:
        """Stop the servers and remove what they wrote."""
        stop_left_running(self.folder)
        shutil.rmtree(self.folder)
        self.lock.close()


def begin() -> Session:
    """A new folder; sessions that were killed before they could end are ended first."""
    parent = _MEMORY if _MEMORY.is_dir() else Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*/session.lock"):
        _end_if_dead(left)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    lock = (folder / "session.lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return Session(folder, lock)


def _end_if_dead(lock: Path) -> None:
    try:
        with lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            Session(lock.parent, file).end()
    except (OSError, EmbeddedError):
        return  # it lives, or belongs to somebody else, or has just ended by itself
