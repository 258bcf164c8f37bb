"""`pgbench` as the peer: what PostgreSQL's own load generator reaches with one prepared statement a transaction."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.measure import Load, Records
from benchmarks.postgres import program


def start(
    conninfo: str, script: str, folder: Path, *, clients: int, seconds: float, variables: Mapping[str, str]
) -> Load:
    """Run a script with prepared statements; every transaction is logged in `folder`.

    `variables` are defined before it begins, as texts.
    """
    file = folder / "pgbench.sql"
    file.write_text(script)
    prefix = folder / "pgbench_log"
    for old in folder.glob(f"{prefix.name}*"):
        old.unlink()
    defined = [f"--define={name}={value}" for name, value in variables.items()]
    whole = max(1, round(seconds + 0.5))
    command = [
        *(str(program("pgbench")), "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2"),
        *(f"--time={whole}", f"--file={file}", "--log", f"--log-prefix={prefix}", *defined, conninfo),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return Load(process, lambda: _records(prefix))


def _records(prefix: Path) -> Records:
    """The log's columns: client, transaction, latency in µs, script, Unix seconds, µs."""
    logs = [np.loadtxt(log, ndmin=2) for log in prefix.parent.glob(f"{prefix.name}.*") if log.stat().st_size]
    lines = np.concatenate(logs)
    return np.column_stack([lines[:, 4] + lines[:, 5] / 1e6, lines[:, 2] / 1e6])
