from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from accounts.attempts import Attempts, Limits
from accounts.counts import LocalCounts
from accounts.keys import Keys
from accounts.passwords import Passwords
from accounts.tokens import Tokens
from database.connect import Pool
from database.connect import pool as new_pool
from tests.accounts.clock import Clock
from tests.accounts.masters import new_keys
from tests.accounts.signing import tokens_signed_with

COST = 4


@pytest.fixture
async def pool(conninfo: str) -> AsyncIterator[Pool]:
    async with new_pool(conninfo, size=4, wait_s=30) as opened:
        yield opened


@pytest.fixture
def keys() -> Keys:
    return new_keys()


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    crew = Passwords(COST)
    yield crew
    crew.close()


@pytest.fixture
def attempts() -> Attempts:
    """Nobody waits: more tries than any test makes."""
    return Attempts(LocalCounts(), Limits(*[1_000] * 6), "a secret")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> Tokens:
    secrets = {"2": "the second key, of 32 bytes or more", "1": "the first key, which signs no longer"}
    return tokens_signed_with(secrets, clock=clock)
