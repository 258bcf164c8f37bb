"""What every test may ask for: a database of its own, connections to it, a Redis.

The servers are those of DATABASE_URL and REDIS_URL, else embedded ones: started by the first test that needs one,
shared by the workers of the session, gone at its end.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis
from hypothesis import settings as hypothesis_settings
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from app.embedded import start_postgres, start_redis
from app.settings import Settings
from database.connect import connect
from tests.catalogue import fill
from tests.hanging import pytest_pyfunc_call
from tests.postgres import MIGRATED, Databases, migrated
from tests.session import Session, begin

__all__ = ["pytest_pyfunc_call"]

_SESSION = pytest.StashKey[Session]()
_FOLDER = pytest.StashKey[Path]()

# a busy machine is no fault of the code; and a change is judged by the same examples wherever its tests run:
# `pytest --hypothesis-profile=search` looks for others
hypothesis_settings.register_profile("projectionist", deadline=None, derandomize=True)
hypothesis_settings.register_profile("search", deadline=None)
hypothesis_settings.load_profile("projectionist")


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", None)
    if given is not None:
        config.stash[_FOLDER] = Path(given["projectionist_session"])
        return
    # `timeout` and CI end us with SIGTERM: then, too, no server may stay behind
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.stash[_SESSION] = begin()
    config.stash[_FOLDER] = config.stash[_SESSION].folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["projectionist_session"] = str(node.config.stash[_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    session = config.stash.get(_SESSION, None)
    if session is None:
        return
    database_url = Settings().database_url
    if database_url is not None:
        with (
            suppress(psycopg.OperationalError),
            closing(Databases(database_url, _run(session.folder), session.folder)) as found,
        ):
            found.drop_all()
    session.end()


def _run(folder: Path) -> str:
    return folder.name.replace("-", "_")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def clones(pytestconfig: pytest.Config) -> Iterator[Databases]:
    """The databases of this session, for tests that want several."""
    folder = pytestconfig.stash[_FOLDER]
    with ExitStack() as stack:
        conninfo = Settings().database_url
        if conninfo is None:
            server = start_postgres(folder, durable=False)
            stack.callback(server.stop)
            conninfo = server.url
        found = stack.enter_context(closing(Databases(conninfo, _run(folder), folder)))
        found.prepare(MIGRATED, migrated)
        yield found


@pytest.fixture(scope="session")
def catalogue_template(clones: Databases) -> str:
    """The template that has the catalogue; who asks for this, or uses a fixture that does, has a clone as `conninfo`."""

    def filled(conninfo: str) -> None:
        with connect(conninfo) as conn:
            fill(conn)

    clones.prepare("catalogue", filled, of=MIGRATED)
    return "catalogue"


@pytest.fixture
def conninfo(clones: Databases, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database of the test's own, as its owner and a superuser; empty but for `catalogue_template`."""
    has_catalogue = "catalogue_template" in request.fixturenames
    with clones.clone(
        request.getfixturevalue("catalogue_template") if has_catalogue else MIGRATED
    ) as conninfo:
        yield conninfo


@pytest.fixture
def fresh_database(clones: Databases) -> Iterator[str]:
    """Another one, beside `conninfo`."""
    with clones.clone() as conninfo:
        yield conninfo


@pytest.fixture
def connection(conninfo: str) -> Iterator[Connection[tuple[Any, ...]]]:
    """A connection to `conninfo` as the application makes it, autocommit."""
    with connect(conninfo) as conn:
        yield conn


@pytest.fixture
def owner_connection(conninfo: str) -> Iterator[Connection[tuple[Any, ...]]]:
    """A connection to `conninfo` as a superuser, autocommit."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        yield conn


@pytest.fixture(scope="session")
def _redis_server(pytestconfig: pytest.Config) -> Iterator[str]:
    given = Settings().redis_url
    if given is not None:
        yield given
        return
    server = start_redis(pytestconfig.stash[_FOLDER])
    if server is None:
        pytest.skip("There is no Redis on this machine.")
    yield server.url
    server.stop()


@pytest.fixture
def redis_url(_redis_server: str, pytestconfig: pytest.Config) -> str:
    """An empty Redis: database 15 of the server for the first worker, 14 for the second, and so on."""
    worker = getattr(pytestconfig, "workerinput", {}).get("workerid", "gw0")
    if not _redis_server:
        pytest.skip("REDIS_URL says that there is no Redis.")
    url = f"{_redis_server.partition('?')[0]}?db={15 - int(worker.removeprefix('gw')) % 16}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def empty_database(clones: Databases) -> Iterator[str]:
    """The conninfo of a database without any table."""
    name = f"{clones.run}_bare_{uuid4().hex[:8]}"
    clones.conn.execute(SQL("create database {}").format(Identifier(name)))
    yield make_conninfo(clones.conninfo, dbname=name)
    clones.conn.execute(SQL("drop database {} with (force)").format(Identifier(name)))


@pytest.fixture
def stranger(clones: Databases) -> Iterator[str]:
    """The conninfo of an empty database as its owner, who is no superuser, may make roles, and has those of the log only.

    Role and database have the same name.
    """
    name = f"{clones.run}_{uuid4().hex[:8]}"
    role = Identifier(name)
    clones.conn.execute(SQL("create role {} login createrole").format(role))
    clones.conn.execute(
        SQL(
            "grant projectionist_app, projectionist_log, projectionist_partitions to {} with admin option"
        ).format(role)
    )
    clones.conn.execute(SQL("create database {} owner {}").format(role, role))
    yield make_conninfo(clones.conninfo, dbname=name, options=f"-c role={name}")
    clones.conn.execute(SQL("drop database {} with (force)").format(role))
    clones.conn.execute(SQL("drop role {}").format(role))
