"""What holds of the views of every design: who reads them, and that migrations make and take them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from database.connect import connect
from tests.catalogue import fill
from tests.compat.house import House, Rows
from tests.compat.reading import grants
from tests.postgres import move_to
from tests.test_docs import PAGES, table, words

SCHEMAS = ("compat_s0", "compat_s1", "compat_s2")
by_schema = pytest.mark.parametrize("schema", SCHEMAS)


@pytest.fixture(scope="module")
async def filled(house: House) -> House:
    """A house with people who did this and that."""
    with connect(house.conninfo) as conn:
        fill(conn)
    return house


@pytest.fixture
def role(house: House) -> Iterator[str]:
    """The name of a role that a test makes; it is gone afterwards."""
    name = f"studio_{uuid4().hex[:12]}"
    yield name
    with psycopg.connect(house.conninfo, autocommit=True) as conn:
        conn.execute(SQL("drop owned by {0}; drop role {0}").format(Identifier(name)))


def everything(house: House) -> dict[str, dict[str, Rows]]:
    return {schema: house.all_of(schema) for schema in SCHEMAS}


@by_schema
async def test_a_role_reads_what_the_page_for_operators_grants_also_after_a_rebuild(
    filled: House, role: str, schema: str
) -> None:
    with psycopg.connect(filled.conninfo, autocommit=True) as conn:
        conn.execute(grants(schema, role).encode())
    for projection in ("ratings", "favorites", "watchlist"):
        filled.rebuild(projection)
    with psycopg.connect(filled.conninfo, autocommit=True) as conn:
        conn.execute(SQL("set role {}").format(Identifier(role)))
        for name, rows in filled.all_of(schema).items():
            found = conn.execute(SQL("select count(*) from {}").format(Identifier(schema, name))).fetchall()
            assert found == [(len(rows),)]
            assert rows != []


@by_schema
async def test_nobody_writes_through_a_view_not_even_the_owner(filled: House, schema: str) -> None:
    with psycopg.connect(filled.conninfo, autocommit=True) as conn:
        for name in filled.columns(schema):
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
                conn.execute(SQL("delete from {}").format(Identifier(schema, name)))


@by_schema
async def test_every_column_is_on_the_page_of_the_designs(house: House, schema: str) -> None:
    rows = [(*words(view), *words(column)) for view, column, _ in table(PAGES["docs/sources.md"], "view |")]
    there = {
        (f"{schema}.{view}", each) for view, columns in house.columns(schema).items() for each in columns
    }
    assert {row for row in rows if row[0].startswith(f"{schema}.")} == there


@by_schema
async def test_the_application_reads_none_of_it(house: House, schema: str) -> None:
    with connect(house.conninfo) as conn:
        assert house.columns(schema) != {}
        for name in house.columns(schema):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(SQL("select from {}").format(Identifier(schema, name)))


async def test_a_migration_takes_the_views_and_makes_them_again(filled: House) -> None:
    before = everything(filled)
    revision = import_module("migrations.versions.0018_create_compat_views")
    for to in (revision.down_revision, "head"):
        move_to(filled.conninfo, to)
        made = {row["nspname"] for row in filled.rows("select nspname from pg_namespace")}
        assert made & set(SCHEMAS) == (set(SCHEMAS) if to == "head" else set())
    assert everything(filled) == before
