"""Asks what is known of holes in the locked packages. It ends with 1 where there is one, with 0 where nobody can be asked.

pip-audit runs apart from this environment, so that it brings nothing into the lock.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.test_house import ROOT

COMMAND = (
    *(str(ROOT / ".venv/bin/uv"), "tool", "run", "--quiet", "--from", "pip-audit>=2.10,<3", "pip-audit"),
    *("--requirement", str(ROOT / "requirements.lock"), "--require-hashes", "--disable-pip"),
    *("--format", "json", "--desc", "off", "--progress-spinner", "off", "--timeout", "5"),
)
SECONDS = 30


def asked(command: Sequence[str]) -> Any:
    """Return what pip-audit found; None where it could not ask."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        return json.loads(ended.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None


def verdict(dependencies: Any) -> tuple[int, list[str]]:
    """Return the exit code, and the lines that say what was found."""
    told = [found for found in dependencies or () if "vulns" in found]
    if not told:
        return 0, ["audit: could not ask; nothing is known of the locked packages from here"]
    lines = [
        f"{found['name']} {found['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version'}"
        for found in told
        for hole in found["vulns"]
    ]
    silent = [found["name"] for found in dependencies if "vulns" not in found]
    if silent:
        lines.append(f"audit: could not ask about {', '.join(silent)}")
    return int(any(found["vulns"] for found in told)), lines or [
        f"audit: {len(told)} packages, no known hole"
    ]


if __name__ == "__main__":
    code, lines = verdict(asked(COMMAND))
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(code)
