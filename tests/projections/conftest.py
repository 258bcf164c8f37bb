from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from database.connect import connect
from tests.postgres import Databases
from tests.projections.filling import fill
from tests.projections.folding import Bench
from tests.strategies import erase, play, rich_moves


@pytest.fixture(scope="module")
def bench(clones: Databases) -> Iterator[Bench]:
    """A place to fold generated logs in, for all examples of a file."""
    with clones.clone() as conninfo, psycopg.connect(conninfo, autocommit=True) as conn:
        yield Bench(conn)


@pytest.fixture(scope="session")
def filled(clones: Databases) -> Iterator[str]:
    """The name of a database with a log of some 120 events and the tables folded from it, to be cloned."""
    with clones.clone() as conninfo:
        with connect(conninfo) as conn:
            fill(conn, play(rich_moves(400, without=[erase])))
        yield str(conninfo_to_dict(conninfo)["dbname"])


@pytest.fixture
def filled_conninfo(clones: Databases, filled: str) -> Iterator[str]:
    """A filled database of the test's own, as its owner and a superuser."""
    name = f"{clones.run}_{uuid4().hex[:12]}"
    create = SQL("create database {} template {} strategy file_copy")
    clones.conn.execute(create.format(Identifier(name), Identifier(filled)))
    yield make_conninfo(clones.conninfo, dbname=name)
    clones.conn.execute(SQL("drop database {} with (force)").format(Identifier(name)))
