"""What is kept up in the background goes on, whatever happens to one look."""

from __future__ import annotations

import asyncio
import logging

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from recsys import following
from recsys.following import Following
from tests.waiting import SOON_S


class Trouble(Following):
    """Fails at each look but the last one."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.looked = asyncio.Event()

    async def _look(self) -> float:
        if self.failures:
            raise self.failures.pop(0)
        self.looked.set()
        return 3600.0


@pytest.mark.parametrize(
    ("failure", "is_told"),
    [
        (psycopg.OperationalError(""), False),
        (PoolTimeout("all are busy"), False),
        (ValueError("what nobody thought of"), True),
    ],
)
async def test_it_looks_again_and_tells_the_operator_what_nobody_expects(
    failure: Exception, is_told: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(following, "AWAY_S", 0.0)
    trouble = Trouble(failure, failure)
    trouble.start()
    async with asyncio.timeout(SOON_S):
        await trouble.looked.wait()
        await trouble.close()
    told = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(told) == (2 if is_told else 0)


async def test_who_never_began_can_be_closed() -> None:
    await Trouble().close()
