"""A backup as the pages tell to make it, brought back as they tell to."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from app.embedded.postgres import program
from database.connect import connect
from events import seals
from projections import verify
from projections.deploy import deploy
from projections.registry import projections
from tests.events.writing import views, write
from tests.projections.filling import Conn, fill, the_log


@pytest.fixture
def empty(owner_connection: Conn, conninfo: str) -> Iterator[str]:
    """A database in which nothing was made yet."""
    name = f"{conninfo_to_dict(conninfo)['dbname']}_{uuid4().hex[:6]}"
    owner_connection.execute(SQL("create database {} template template0").format(Identifier(name)))
    yield make_conninfo(conninfo, dbname=name)
    owner_connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))


def test_k109_a_dump_brings_back_the_log_its_seals_its_guards_and_what_was_read(
    connection: Conn, conninfo: str, empty: str, tmp_path: Path
) -> None:
    write(connection, *views(5))
    fill(connection, [])
    seals.seal(connection)
    root, log = seals.newest(connection), the_log(connection)
    for command in (
        ("pg_dump", "-Fc", "-f", str(tmp_path / "backup.dump"), "--dbname", conninfo),
        ("pg_restore", "--exit-on-error", "--dbname", empty, str(tmp_path / "backup.dump")),
    ):
        subprocess.run([program(command[0]), *command[1:]], check=True, capture_output=True)
    with connect(empty) as restored:
        assert the_log(restored) == log
        assert list(seals.verify(restored)) == [seals.Checked(1, 5, None)]
        assert seals.newest(restored) == root
        deploy(restored)
        for name in projections():
            assert verify.verify(restored, name) == [], name
    with psycopg.connect(empty, autocommit=True) as owner, pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute("delete from events")
