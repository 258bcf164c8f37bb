from __future__ import annotations

import pytest

from projections.follow import catch_up
from projections.registry import projections
from projections.verify import verify, verify_family
from tests.events.writing import views, write
from tests.projections.filling import Conn, differences

COLUMNS = [(p.name, column) for p in projections().values() for column in p.columns]

# what makes a value another one of its type, and allowed
_OTHER = {
    "uuid": "gen_random_uuid()",
    "uuid[]": "{0} || gen_random_uuid()",
    "bigint": "{0} + 1000000",
    "integer": "{0} + 1",
    "smallint": "case {0} when 1 then 2 else 1 end",
    "timestamptz": "{0} + interval '1us'",
    "date": "{0} + 10000",
    "boolean": "not {0}",
    "text": "case {0} when {1} then {2} else {1} end",
}
_TEXTS = {
    "reaction": ("'OK'", "'LIKE'"),
    "status": ("'SEEN'", "'LATER'"),
    "models.state": ("'SERVING'", "'RETIRED'"),
    "list_members.state": ("'JOINED'", "'LEFT'"),
}


@pytest.fixture
def conninfo(filled_conninfo: str) -> str:
    """What every test here begins with: tables that hold what a log says."""
    return filled_conninfo


@pytest.mark.parametrize("name", list(projections()))
def test_a_right_table_has_no_differences(connection: Conn, name: str) -> None:
    assert verify(connection, name) == []


@pytest.mark.parametrize(("name", "column"), COLUMNS, ids=[".".join(column) for column in COLUMNS])
def test_one_wrong_value_is_found(connection: Conn, name: str, column: str) -> None:
    kind = projections()[name].columns[column].split(" ")[0]
    other = _OTHER[kind].format(column, *_TEXTS.get(column, _TEXTS.get(f"{name}.{column}", ("'x'", "'y'"))))
    row = f"select ctid from {name} where {column} is not null limit 1"
    connection.execute(f"update {name} set {column} = {other} where ctid = ({row})")
    found = verify(connection, name)
    assert {difference.only_in for difference in found} == {"log", "table"}
    assert len(found) == 2


@pytest.mark.parametrize("name", list(projections()))
def test_a_missing_row_and_one_too_many_are_named(connection: Conn, name: str) -> None:
    columns = ", ".join(projections()[name].columns)
    connection.execute(f"create temp table gone as select * from {name} limit 1")
    keys = ", ".join(projections()[name].key)
    connection.execute(f"delete from {name} where ({keys}) in (select {keys} from gone)")
    (missing,) = verify(connection, name)
    (row,) = connection.execute(f"select {columns} from gone").fetchall()
    assert (missing.only_in, tuple(missing.row.values())) == ("log", row)
    connection.execute(f"insert into {name} ({columns}) select {columns} from gone")
    assert verify(connection, name) == []


def test_a_row_that_is_there_twice_is_found(connection: Conn) -> None:
    connection.execute("alter table movie_stats drop constraint movie_stats_pkey")
    connection.execute("insert into movie_stats select * from movie_stats limit 1")
    assert [difference.only_in for difference in verify(connection, "movie_stats")] == ["table"]


def test_the_differences_shown_are_limited(connection: Conn) -> None:
    connection.execute("update history set type = 'x'")
    assert len(verify(connection, "history")) == 40


def test_a_table_that_is_behind_is_not_wrong(connection: Conn) -> None:
    write(connection, *views(2))
    followers = [p.name for p in projections().values() if not p.inline]
    assert differences(connection, followers) == {}
    catch_up(connection)
    assert differences(connection, followers) == {}


def test_a_family_is_verified_as_one(connection: Conn) -> None:
    connection.execute("update trending set score = score + 1")
    (metrics, right), (trending, wrong) = verify_family(connection, "popularity_metrics")
    assert (metrics, trending) == ("popularity_metrics", "trending")
    assert right == []
    assert wrong != []


def test_what_is_not_deployed_is_said(connection: Conn) -> None:
    connection.execute("delete from checkpoints where name = 'ratings'")
    with pytest.raises(LookupError, match="migrate"):
        verify(connection, "ratings")


def test_what_is_not_registered_is_a_key_error(connection: Conn) -> None:
    with pytest.raises(KeyError):
        verify(connection, "nothing")
