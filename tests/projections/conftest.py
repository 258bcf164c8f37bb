from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from database.connect import connect
from tests.postgres import MIGRATED, Databases
from tests.projections.filling import fill
from tests.projections.folding import Bench
from tests.strategies import Move, choose, erase, list_moves, play, rich_moves


@pytest.fixture(scope="module")
def bench(clones: Databases) -> Iterator[Bench]:
    """A place to fold generated logs in, for all examples of a file."""
    with clones.clone() as conninfo, psycopg.connect(conninfo, autocommit=True) as conn:
        yield Bench(conn)


@pytest.fixture(scope="session")
def filled(clones: Databases) -> str:
    """The template with a log of some 200 events and the tables folded from it."""

    def folded(conninfo: str) -> None:
        with connect(conninfo) as conn:
            # at an odd position and at an even one
            chosen = [Move(person, 0, choose, ((1,),)) for person in range(2)]
            fill(conn, play([*rich_moves(250, seed=2, without=[erase]), *list_moves(1), *chosen]))

    clones.prepare("log", folded, of=MIGRATED)
    return "log"


@pytest.fixture
def filled_conninfo(clones: Databases, filled: str) -> Iterator[str]:
    """A filled database of the test's own, as its owner and a superuser."""
    with clones.clone(filled) as conninfo:
        yield conninfo
