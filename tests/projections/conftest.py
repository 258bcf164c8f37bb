from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.postgres import Databases
from tests.projections.folding import Bench


@pytest.fixture(scope="module")
def bench(clones: Databases) -> Iterator[Bench]:
    """A place to fold generated logs in, for all examples of a file."""
    with clones.clone() as conninfo, psycopg.connect(conninfo, autocommit=True) as conn:
        yield Bench(conn)
