"""`pgbench` as the peer: what PostgreSQL's own load generator reaches with one statement a transaction."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.measure import Load, Records, Window
from benchmarks.postgres import program

_SLACK_S = 2.0
"""How long it may take until every client is connected."""

Protocol = Literal["simple", "extended", "prepared"]


def start(
    conninfo: str,
    script: str,
    folder: Path,
    *,
    clients: int,
    window: Window,
    variables: Mapping[str, str] | None = None,
    protocol: Protocol = "prepared",
) -> Load:
    """Run a script; every transaction is logged in `folder`.

    `variables` are defined before it begins, as texts. With the protocol "simple", which pgbench takes unless it is
    told, PostgreSQL parses and plans the statement each time; with "extended", too, and texts may be variables.
    """
    file = folder / "pgbench.sql"
    file.write_text(script)
    prefix = folder / "pgbench_log"
    for old in folder.glob(f"{prefix.name}*"):
        old.unlink()
    defined = [f"--define={name}={value}" for name, value in (variables or {}).items()]
    whole = math.ceil(window.warm_s + window.seconds + _SLACK_S + 0.5)
    command = [
        *(
            str(program("pgbench")),
            "--no-vacuum",
            f"--protocol={protocol}",
            f"--client={clients}",
            "--jobs=2",
        ),
        *(f"--time={whole}", f"--file={file}", "--log", f"--log-prefix={prefix}", *defined, conninfo),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    return Load(
        process,
        lambda: _records(prefix),
        lambda running: _await_warm(prefix, running, window),
        lambda _: time.sleep(window.seconds),
    )


def _await_warm(prefix: Path, running: subprocess.Popen[bytes], window: Window) -> None:
    """Return so long after the first 4 kB of the log are full: every client is connected then."""
    deadline = time.monotonic() + _SLACK_S
    while time.monotonic() < deadline and running.poll() is None:
        if any(log.stat().st_size for log in prefix.parent.glob(f"{prefix.name}.*")):
            break
        time.sleep(0.01)
    time.sleep(window.warm_s)


def _records(prefix: Path) -> Records:
    """The log's columns: client, transaction, latency in µs, script, Unix seconds, µs."""
    logs = [np.loadtxt(log, ndmin=2) for log in prefix.parent.glob(f"{prefix.name}.*") if log.stat().st_size]
    lines = np.concatenate(logs)
    return np.column_stack([lines[:, 4] + lines[:, 5] / 1e6, lines[:, 2] / 1e6])
