from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from database.connect import connect
from projections.rebuild import deploy
from tests.postgres import Databases
from tests.projections.folding import Bench


@pytest.fixture
def deployed(conninfo: str) -> str:
    """The conninfo of a database of the test's own whose read tables stand."""
    with connect(conninfo) as conn:
        deploy(conn)
    return conninfo


@pytest.fixture
def conn(deployed: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection of the application's to it, autocommit."""
    with connect(deployed) as conn:
        yield conn


@pytest.fixture(scope="module")
def bench(clones: Databases) -> Iterator[Bench]:
    """A place to fold generated logs in, for all examples of a file."""
    with clones.clone() as conninfo, psycopg.connect(conninfo, autocommit=True) as conn:
        yield Bench(conn)
