from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from app.database import migrate, pending
from tests.postgres import Databases


def test_nothing_is_pending_in_a_migrated_database(conninfo: str) -> None:
    assert pending(conninfo) == []
    assert migrate(conninfo) == []


def test_of_processes_that_start_together_one_migrates(clones: Databases) -> None:
    name = Identifier(f"{clones.run}_empty")
    clones.conn.execute(SQL("create database {}").format(name))
    try:
        empty = make_conninfo(clones.conninfo, dbname=f"{clones.run}_empty")
        waiting = pending(empty)
        assert waiting == sorted(waiting)
        with ThreadPoolExecutor(3) as threads:
            applied = list(threads.map(migrate, [empty] * 3))
        assert sorted(applied) == [[], [], waiting]
        with psycopg.connect(empty) as conn:
            assert conn.execute("select count(*) from events").fetchone() == (0,)
            held = conn.execute(
                "select count(*) from pg_locks join pg_database d on d.oid = database"
                " where locktype = 'advisory' and datname = current_database()"
            )
            assert held.fetchone() == (0,)
    finally:
        clones.conn.execute(SQL("drop database {} with (force)").format(name))
