"""The wall of exports and imports: a statement that forgot whose rows it wants finds those of its person all the same."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from psycopg.sql import SQL, Identifier

from accounts.sealed_columns import SEALED
from database.acting import act_for
from database.connect import EXPORTER_ROLE, connect
from events import decided
from imports import entries, importing, previewing
from imports.errors import UnknownImport
from imports.importing import Whose, confirm
from imports.previewing import preview
from privacy import exporting
from privacy.exporting import export
from privacy.tables import KEPT, PersonalTable, exported, personal_tables
from projections.registry import fold_inline
from tests.accounts.masters import new_keys
from tests.catalogue import person
from tests.imports.exports import film, letterboxd
from tests.postgres import Databases
from tests.schema.test_people import do
from tests.schema.walled import WHOSE, fill_for
from tests.world import World, opened

Conn = psycopg.Connection[tuple[Any, ...]]

ALICE, BOB = person("alice"), person("bob")


@pytest.fixture(scope="module")
async def crowd(clones: Databases) -> AsyncIterator[World]:
    """Alice and Bob, who have a row in every table, show themselves to everybody and follow each other."""
    with clones.clone() as conninfo:
        async with opened(conninfo) as world:
            await fill_for(world, "bob", "carol")
            await fill_for(world, "alice", "adam")
            for name, other in (("alice", BOB), ("bob", ALICE)):
                await do(world, "setPrivacy", "__typename", name, privacy="PUBLIC")
                await do(world, "followUser", "__typename", name, userId=f"User:{other}")
            with connect(conninfo) as conn:
                for who, key in new_keys().fetch(conn, [ALICE, BOB]).items():
                    (message,) = (
                        conn.execute("select id from outbox where user_id = %s", (who,)).fetchone() or ()
                    )
                    sealed = key.seal(SEALED["outbox", "content_sealed"].format(id=message), f"To {who}")
                    conn.execute("update outbox set content_sealed = %s where id = %s", (sealed, message))
            yield world


def taken(conninfo: str, who: UUID) -> dict[str, str]:
    """What an export of somebody has, by the names of its files."""
    file = io.BytesIO()
    with connect(conninfo) as conn:
        export(conn, new_keys(), who, file)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements of exports that lost whose rows they want."""
    anybodys = property(lambda _: SQL("%(person)s is not null"))
    monkeypatch.setattr(PersonalTable, "shown_to_person", anybodys)
    wrong = exporting._EVENTS.replace("e.user_id = %(person)s", "%(person)s is not null")
    assert wrong != exporting._EVENTS
    monkeypatch.setattr(exporting, "_EVENTS", wrong)


async def test_k101_an_export_that_forgot_whose_it_is_has_nothing_of_others(
    crowd: World, request: pytest.FixtureRequest
) -> None:
    right = {who: taken(crowd.conninfo, who) for who in (ALICE, BOB)}
    tables = {
        name.removeprefix("tables/").removesuffix(".csv") for name in right[BOB] if name.endswith(".csv")
    }
    assert {name.removeprefix("activity.") for name in WHOSE} - KEPT <= tables
    request.getfixturevalue("forgetful")
    assert {who: taken(crowd.conninfo, who) for who in (ALICE, BOB)} == right


async def test_without_the_wall_it_would_have(
    crowd: World, forgetful: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "act_for", lambda *_, **__: None)
    monkeypatch.setattr(exporting, "SEALED", {})  # or it would fail at the first text of another
    assert "What alice thinks." in taken(crowd.conninfo, BOB)["tables/texts.csv"]


async def test_exports_may_read_what_is_in_them_and_nothing_else(crowd: World) -> None:
    asked = """
    select attname from pg_attribute where attrelid = %(table)s::regclass and attnum > 0 and not attisdropped
       and has_column_privilege(%(role)s, attrelid, attname, 'select')"""
    changes = """
    select has_any_column_privilege(%(role)s, %(table)s, 'insert, update')
           or has_table_privilege(%(role)s, %(table)s, 'delete')"""
    with connect(crowd.conninfo) as conn:
        for table in personal_tables(conn):
            values = {"table": f"{table.schema}.{table.name}", "role": EXPORTER_ROLE}
            may_read = {column for (column,) in conn.execute(asked, values)}
            wanted = set(table.columns) if table.name == "events" else set(exported(table))
            assert may_read == wanted, table.name
            assert conn.execute(changes, values).fetchone() == (False,)


async def test_exports_that_act_for_nobody_read_nothing(crowd: World) -> None:
    with connect(crowd.conninfo, role=EXPORTER_ROLE) as conn:
        for table in personal_tables(conn):
            if columns := exported(table):
                found = conn.execute(SQL("select {} from {}").format(Identifier(columns[0]), table.sql))
                assert found.fetchall() == []
        assert conn.execute("select position from events").fetchall() == []


async def test_whoever_blocked_somebody_is_not_in_reach_of_their_export(crowd: World) -> None:
    with connect(crowd.conninfo) as conn:
        made = conn.execute("select user_id, blocked_id from blocks").fetchall()
        _, blocked = next(row for row in made if row[0] == BOB)
        with conn.transaction():
            act_for(conn, blocked, role=EXPORTER_ROLE)
            assert conn.execute("select user_id from blocks").fetchall() == []


# --- imports ---


@pytest.fixture
def two(connection: Conn) -> tuple[Whose, Whose]:
    """The previews of two people, of a movie that is here and one that is not."""
    connection.execute(
        "insert into movies (id, title, release_year) values (gen_random_uuid(), 'Alien', 1979)"
    )
    found = []
    for who in (ALICE, BOB):
        connection.execute(
            "insert into users (id, username, username_key) values (%s, %s, %s)", (who, str(who), str(who))
        )
        rated = [
            (*film("2019-05-01", "Alien", 1979, "1"), 4.5),
            (*film("2019-05-01", "Zebra", 1990, "2"), 4.5),
        ]
        found.append(Whose(who, preview(connection, who, "", letterboxd(ratings=rated), 0), fold_inline))
    return found[0], found[1]


def kept(conn: Conn, whose: Whose) -> list[Any]:
    """What is kept of an import, and of what its person said."""
    looks = (
        "select to_jsonb(i) from imports i where user_id = %(user_id)s",
        "select to_jsonb(e) from import_entries e where user_id = %(user_id)s order by number",
        "select position from events where user_id = %(user_id)s order by 1",
    )
    return [conn.execute(look, whose.key).fetchall() for look in looks]


ANY = "%(id)s is not null"


def test_a_preview_takes_the_place_of_its_persons_last_whatever_it_forgets(
    connection: Conn, two: tuple[Whose, Whose], monkeypatch: pytest.MonkeyPatch
) -> None:
    alices, bobs = two
    before = kept(connection, bobs)
    monkeypatch.setattr(previewing, "_FORGET", "delete from imports where %s is not null")
    preview(connection, ALICE, "", letterboxd(ratings=[(*film("2019-05-01", "Alien", 1979, "1"), 3)]), 0)
    assert kept(connection, bobs) == before
    assert connection.execute("select from imports where id = %s", (alices.import_id,)).fetchall() == []


def test_an_import_that_forgot_whose_it_is_changes_nothing_of_others(
    connection: Conn, two: tuple[Whose, Whose], monkeypatch: pytest.MonkeyPatch
) -> None:
    alices, bobs = two
    before = kept(connection, bobs)
    for name in ("_BEGIN", "_ADVANCE", "_END"):
        wrong = getattr(importing, name).replace("id = %(id)s", ANY)
        assert ANY in wrong
        monkeypatch.setattr(importing, name, wrong)
    monkeypatch.setattr(
        entries, "_TELL", entries._TELL.replace("e.import_id =", "e.import_id is not null or e.import_id =")
    )
    assert confirm(connection, alices, replaces=False) == 1
    assert kept(connection, bobs) == before
    assert kept(connection, alices)[0] != before[0]
    # nor does it take from others what they said
    monkeypatch.setattr(
        decided, "_LOAD", decided._LOAD.replace("user_id = %(user_id)s", "%(user_id)s is not null")
    )
    assert confirm(connection, bobs, replaces=False) == 1


def test_nobody_confirms_the_import_of_another_whatever_it_forgets(
    connection: Conn, two: tuple[Whose, Whose], monkeypatch: pytest.MonkeyPatch
) -> None:
    alices, bobs = two
    before = kept(connection, bobs)
    wrong = importing._HELD.replace("user_id = %(user_id)s", "%(user_id)s is not null")
    assert wrong != importing._HELD
    monkeypatch.setattr(importing, "_HELD", wrong)
    with pytest.raises(UnknownImport):
        confirm(connection, replace(alices, import_id=bobs.import_id), replaces=False)
    assert kept(connection, bobs) == before


def test_an_import_cannot_write_for_another(connection: Conn, two: tuple[Whose, Whose]) -> None:
    with connection.transaction():
        act_for(connection, ALICE)
        with (
            pytest.raises(errors.InsufficientPrivilege, match="row-level security"),
            connection.transaction(),
        ):
            connection.execute("update import_entries set user_id = %s", (BOB,))
    assert len(kept(connection, two[1])[1]) == 2
