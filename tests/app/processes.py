"""The program as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.accounts.masters import SECRETS


def process(conninfo: str | None, data_dir: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    """Start a command over a database, with more variables of the environment."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    given = {"DATABASE_URL": conninfo} if conninfo else {}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *words],
        env={
            **kept,
            **given,
            "PROJECTIONIST_DATA_DIR": str(data_dir),
            "PROJECTIONIST_MASTER_KEYS": json.dumps(SECRETS),
            **more,
        },
        cwd=Path(__file__).parent.parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
