"""Erasing a person beside others, in parts, and more than once."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from accounts.sealed_columns import SEALED
from database.connect import connect
from privacy import erasing
from privacy.erasing import certificate, erase, finish_erasures
from privacy.exporting import export
from privacy.tables import KEPT, SECRET, personal_tables
from projections.follow import catch_up
from projections.movie_stats import movie_stats
from projections.rebuild import rebuild, roll_back
from projections.registry import projections
from projections.verify import verify
from tests.accounts.masters import new_keys
from tests.catalogue import person
from tests.projections.filling import fill
from tests.schema.walled import WHOSE, fill_for, rows
from tests.strategies import erase as erase_move
from tests.strategies import play, rich_moves, user_id
from tests.world import opened

Conn = psycopg.Connection[tuple[Any, ...]]

LOG = play(rich_moves(300, without=[erase_move]))
GONE = user_id(0)
STATS = f"select {', '.join(movie_stats.columns)} from movie_stats"


def somebody(conn: Conn, user: UUID = GONE) -> None:
    conn.execute(
        "insert into users (id, username, username_key) values (%s, %s, %s)", (user, str(user), str(user))
    )


COPIES = ("shadow", "before")


def rows_of(conn: Conn, schema: str, name: str) -> list[str]:
    return [row for (row,) in conn.execute(f"select t::text from {schema}.{name} t".encode())]


def counts(rows: list[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """What is counted of each movie but views, which stay; movies of which nothing is counted are left out."""
    views = list(movie_stats.columns).index("view_count")
    found = {(*row[:views], *row[views + 1 :]) for row in rows}
    return {row for row in found if any(row[1:])}


@pytest.mark.parametrize("chunk", [1, 500])
def test_k103_numbers_are_as_if_the_person_had_never_been(
    connection: Conn, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(erasing, "CHUNK", chunk)
    somebody(connection)
    fill(connection, LOG)
    done = erase(connection, new_keys(), GONE, "operator")
    catch_up(connection)
    others = list(movie_stats.spec([event for event in LOG if event.fact.user_id != GONE]))
    assert counts(connection.execute(STATS).fetchall()) == counts(others)
    assert {name: verify(connection, name) for name in projections()} == {name: [] for name in projections()}
    assert done
    assert done.finished_at
    assert done.withdrawn > 0
    assert erase(connection, new_keys(), GONE, "operator") == done


def test_an_erasure_that_was_cut_short_is_finished_by_a_worker(connection: Conn) -> None:
    somebody(connection)
    fill(connection, LOG)
    begun = erase(connection, new_keys(), GONE, "person", may_go_on=lambda: False)
    assert begun
    assert (begun.withdrawn, begun.finished_at) == (0, None)
    assert connection.execute("select from ratings where user_id = %s", (GONE,)).fetchall() == []
    assert finish_erasures(connection) == 0  # somebody may still be at it
    connection.execute("update erasures set erased_at = now() - interval '2 minutes'")
    assert (finish_erasures(connection), finish_erasures(connection)) == (1, 0)
    ended = certificate(connection, GONE)
    assert ended
    assert ended.finished_at
    assert ended.withdrawn > 0


def test_what_rebuilds_left_has_nothing_of_them_either(connection: Conn, conninfo: str) -> None:
    """The tables of before, which a rollback brings back, and those of a rebuild that was killed."""
    somebody(connection)
    fill(connection, LOG)
    names = ("ratings", "follows", "list_items")
    for name in names:
        rebuild(connection, name)
        connection.execute(f"create table shadow.{name} as table read.{name}".encode())
    connection.execute("alter table before.follows drop column followee_id cascade")  # another version
    before = {(schema, name): rows_of(connection, schema, name) for schema in COPIES for name in names}
    assert all(any(str(GONE) in row for row in had) for had in before.values())
    # one that somebody holds is passed over: whoever made it folds the erasure into it
    with psycopg.connect(conninfo) as other:
        other.execute("lock table shadow.ratings in access exclusive mode")
        assert erase(connection, new_keys(), GONE, "person")
    assert rows_of(connection, "shadow", "ratings") == before.pop(("shadow", "ratings"))
    for (schema, name), had in before.items():
        kept = [row for row in had if str(GONE) not in row]
        left = rows_of(connection, schema, name)
        assert not [row for row in left if str(GONE) in row]
        # where others' rows only mention them, the rows stay
        assert len(left) >= len(kept)
        assert {*kept} <= {*left}
    connection.execute("drop table shadow.ratings, shadow.follows, shadow.list_items, before.follows")
    for name in ("ratings", "list_items"):
        roll_back(connection, name)
        assert verify(connection, name) == []


async def test_no_row_of_anybody_else_goes(conninfo: str) -> None:
    """Erasures have no second wall: they take what names the person from every table, whoever made it."""
    async with opened(conninfo) as world:
        await fill_for(world, "bob", "carol")
        await fill_for(world, "alice", "adam")
        with psycopg.connect(conninfo) as owner:
            owner.execute("delete from erasures")
        before = {table: rows(conninfo, table, person("bob")) for table in WHOSE}
        with connect(conninfo) as conn:
            assert erase(conn, new_keys(), person("alice"), "person")
            catch_up(conn)
        assert {table: rows(conninfo, table, person("bob")) for table in WHOSE} == before
        left = {table for table in WHOSE if rows(conninfo, table, person("alice"))}
        assert left <= KEPT


def test_who_is_not_there_is_not_erased(connection: Conn) -> None:
    assert erase(connection, new_keys(), uuid4(), "person") is None
    assert connection.execute("select count(*) from events").fetchone() == (0,)


def test_nothing_is_erased_where_the_transaction_fails(
    connection: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody(connection)
    fill(connection, LOG)
    keys = new_keys()
    monkeypatch.setattr(keys, "destroy", lambda *_: 1 / 0)
    before = connection.execute("select count(*) from ratings").fetchone()
    with pytest.raises(ZeroDivisionError):
        erase(connection, keys, GONE, "person")
    assert connection.execute("select count(*) from ratings").fetchone() == before
    assert connection.execute("select count(*) from events where type = 'user_erased'").fetchone() == (0,)


def test_idempotency_keys_of_the_living_stay(connection: Conn) -> None:
    somebody(connection)
    connection.execute(
        "insert into idempotency_keys (user_id, key, request, event_ids) values (%s, 'k', 'r', '{}')", (GONE,)
    )
    connection.execute("select forget_idempotency_keys(%s)", (GONE,))
    assert connection.execute("select count(*) from idempotency_keys").fetchone() == (1,)


def test_every_table_of_people_is_emptied_and_every_sealed_column_is_exported(connection: Conn) -> None:
    """A table that names people goes with the account, is a projection, or is KEPT; sealed columns have a purpose."""
    cascading = {
        row[0]
        for row in connection.execute(
            "with recursive gone as ("
            " select 'users'::regclass::oid as of"
            " union select conrelid from pg_constraint join gone on confrelid = gone.of"
            " where contype = 'f' and confdeltype in ('c', 'n'))"
            " select relname from gone join pg_class on pg_class.oid = gone.of"
        )
    }
    tables = personal_tables(connection)
    apart = {"idempotency_keys"}
    assert {t.name for t in tables if t.schema != "read"} <= cascading | KEPT | apart
    assert {t.name for t in tables if t.schema == "read"} <= projections().keys()
    personal = {t.name for t in tables}
    bytes_ = connection.execute(
        "select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " where a.atttypid = 'bytea'::regtype and a.attnum > 0 and c.relkind in ('r', 'p') and not c.relispartition"
    ).fetchall()
    unknown = {
        (table, column) for table, column in bytes_ if table in personal - KEPT and column not in SECRET
    }
    assert unknown == SEALED.keys()


def test_an_export_of_somebody_without_rows_is_a_zip_all_the_same(connection: Conn, tmp_path: Any) -> None:
    somebody(connection)
    with (tmp_path / "a.zip").open("wb") as file:
        assert export(connection, new_keys(), GONE, file) == 1
