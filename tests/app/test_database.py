from concurrent.futures import ThreadPoolExecutor

import psycopg

from app.database import migrate, pending


def test_nothing_is_pending_in_a_migrated_database(conninfo: str) -> None:
    assert pending(conninfo) == []
    assert migrate(conninfo) == []


def test_of_processes_that_start_together_one_migrates(empty_database: str) -> None:
    waiting = pending(empty_database)
    assert waiting == sorted(waiting)
    with ThreadPoolExecutor(3) as threads:
        applied = list(threads.map(migrate, [empty_database] * 3))
    assert sorted(applied) == [[], [], waiting]
    with psycopg.connect(empty_database) as conn:
        assert conn.execute("select count(*) from events").fetchone() == (0,)
        held = conn.execute(
            "select count(*) from pg_locks join pg_database d on d.oid = database"
            " where locktype = 'advisory' and datname = current_database()"
        )
        assert held.fetchone() == (0,)
