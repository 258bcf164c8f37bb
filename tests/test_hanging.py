"""A test that runs into its time-out fails alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from tests.postgres import Databases

ROOT = Path(__file__).parent.parent

_CONFTEST = """
import pytest
from tests import hanging
from tests.hanging import pytest_pyfunc_call

hanging.SHARE = 0.02  # of 60 seconds

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"

@pytest.fixture(scope="module")
async def shared():
    yield
"""
_TESTS = """
import asyncio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

@pytest.mark.anyio
async def test_awaits_for_ever(shared):
    await asyncio.Event().wait()

@settings(max_examples=1, deadline=None)
@given(st.none())
@pytest.mark.anyio
async def test_awaits_for_ever_with_an_example(shared, nothing):
    await asyncio.Event().wait()

@pytest.mark.anyio
async def test_after_it(shared):
    pass
"""


def test_a_test_that_awaits_for_ever_takes_no_other_along(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(_CONFTEST)
    (tmp_path / "test_some.py").write_text(_TESTS)
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--timeout", "60", "-p", "no:cacheprovider"),
            *("--rootdir", tmp_path, "-c", "/dev/null", tmp_path),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert "2 failed, 1 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "TimeoutError" in ran.stdout


class _Interrupted(BaseException):
    """What a time-out raises is no Exception either."""


def test_a_test_that_is_cut_off_inside_a_statement_takes_no_connection_along(clones: Databases) -> None:
    def interrupt(*_: object) -> None:
        raise _Interrupted

    before = clones.conn
    handler = signal.signal(signal.SIGUSR1, interrupt)
    soon = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
    try:
        soon.start()
        with pytest.raises(_Interrupted):
            before.execute("select pg_sleep(60)")
    finally:
        signal.signal(signal.SIGUSR1, handler)
    with clones.clone() as conninfo, psycopg.connect(conninfo) as conn:
        assert conn.execute("select count(*) from events").fetchone() == (0,)
    assert before.closed
