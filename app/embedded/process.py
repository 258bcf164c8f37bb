"""How an embedded server's programs are run."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path


class EmbeddedError(RuntimeError):
    """An embedded server cannot be had; the message says why and what to do."""


def run(
    command: Sequence[str | Path], *, user: int | None = None, group: int | None = None
) -> tuple[bool, str]:
    """Run a program to its end, as another user if told: did it succeed, and what did it say."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    # A file and not a pipe: a server that stays would hold the pipe open, and reading it would never end.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd="/",
            # Ctrl-C in the terminal is meant for us: a server of ours may still have work to finish.
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
            check=False,
        )
        output.seek(0)
        return done.returncode == 0, output.read().decode(errors="replace").strip()
