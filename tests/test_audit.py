"""The audit says what it found, and that it could not ask where it could not."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.audit import asked, verdict

HOLE = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"], "aliases": []}]}
FINE: dict[str, Any] = {"name": "b", "version": "1", "vulns": []}
SILENT = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("dependencies", "code", "said"),
    [
        ([FINE], 0, ["audit: 1 packages, no known hole"]),
        ([FINE, HOLE], 1, ["a 1: PYSEC-1, mended in 2"]),
        ([HOLE, SILENT], 1, ["a 1: PYSEC-1, mended in 2", "audit: could not ask about c"]),
        ([FINE, SILENT], 0, ["audit: could not ask about c"]),
        ([SILENT], 0, ["audit: could not ask; nothing is known of the locked packages from here"]),
        (None, 0, ["audit: could not ask; nothing is known of the locked packages from here"]),
    ],
    ids=range(6),
)
def test_a_hole_fails_and_silence_is_said(dependencies: Any, code: int, said: list[str]) -> None:
    assert verdict(dependencies) == (code, said)


@pytest.mark.parametrize(
    ("program", "found"),
    [
        (f"print({json.dumps(json.dumps({'dependencies': [FINE]}))})", [FINE]),
        (f"print({json.dumps(json.dumps({'dependencies': [HOLE]}))}); raise SystemExit(1)", [HOLE]),
        ("raise ConnectionError", None),
        ("print('no JSON')", None),
    ],
    ids=range(4),
)
def test_what_pip_audit_prints_is_read_however_it_ends(program: str, found: Any) -> None:
    assert asked([sys.executable, "-c", program]) == found


def test_no_program_is_nobody_to_ask() -> None:
    assert asked(["/nonexistent"]) is None
