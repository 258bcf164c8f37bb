"""The second wall: what one person's connection cannot do to another's rows, whatever a resolver gets wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from database.acting import OwnPool, acting
from database.connect import VIEWER_ROLE, session_conninfo
from resolvers.mapping import Page
from schema import Built, build
from tests.catalogue import PEOPLE, person
from tests.postgres import Databases
from tests.schema.walled import WHOSE, fill_for, owned, rows
from tests.world import World, opened

ALICE, BOB = person("alice"), person("bob")
Conn = psycopg.Connection[tuple[Any, ...]]
CLOSED = {
    "sessions",
    "user_keys",
    "imported_users",
    "notification_rounds",
    "mail_requests",
    "mail_tokens",
}
"""Tables that requests have no business with at all: what they need of these goes by the role for accounts."""


@pytest.fixture(scope="module")
async def crowd(clones: Databases) -> AsyncIterator[World]:
    """Bob and Carol, and apart from them Alice and Adam; all four show themselves to nobody."""
    with clones.clone() as conninfo:
        async with opened(conninfo) as world:
            await fill_for(world, "bob", "carol")
            await fill_for(world, "alice", "adam")
            yield world


def as_person(conninfo: str, who: object) -> Conn:
    """A connection that serves somebody, as a server's do, for as long as it is open; nothing that it does is kept."""
    conn = psycopg.connect(session_conninfo(conninfo, role=VIEWER_ROLE))
    conn.execute("select set_config('app.current_user_ids', %s, true)", (f"{{{who}}}" if who else "",))
    return conn


@pytest.mark.parametrize("table", WHOSE)
async def test_each_table_has_rows_of_both(crowd: World, table: str) -> None:
    """Else the tests below would show nothing."""
    assert rows(crowd.conninfo, table, BOB)
    assert rows(crowd.conninfo, table, ALICE)


@pytest.mark.parametrize("table", WHOSE)
@pytest.mark.parametrize("who", [ALICE, None], ids=["another person", "a stranger"])
async def test_k101_nobody_reads_what_is_anothers(crowd: World, table: str, who: object) -> None:
    key = WHOSE[table][0]
    with as_person(crowd.conninfo, who) as conn:
        try:
            found = conn.execute(f"select {key} from {table}").fetchall()
            others = conn.execute(f"select {key} from {table} where {owned(table)}", {"id": BOB}).fetchall()
        except errors.InsufficientPrivilege:
            assert table in CLOSED
            return
        assert others == []
        if table not in ("users", "profiles"):  # Ann shows herself to everybody
            assert bool(found) == (who is not None)


@pytest.mark.parametrize("table", WHOSE)
async def test_the_wall_shows_one_what_is_ones_own(crowd: World, table: str) -> None:
    with as_person(crowd.conninfo, BOB) as conn:
        count = f"select count(*) from {table} where {owned(table)}"
        try:
            ((seen,),) = conn.execute(count, {"id": BOB}).fetchall()
        except errors.InsufficientPrivilege:
            assert table in CLOSED
            return
        assert seen == len(rows(crowd.conninfo, table, BOB))


@pytest.mark.parametrize("table", WHOSE)
@pytest.mark.parametrize(
    "change", ["update {table} set {key} = {key} where {of}", "delete from {table} where {of}"]
)
async def test_nobody_changes_what_is_anothers(crowd: World, table: str, change: str) -> None:
    statement = change.format(table=table, key=WHOSE[table][0], of=owned(table))
    # what the role may not do at all is refused; else nothing is found to be changed
    with as_person(crowd.conninfo, ALICE) as conn, suppress(errors.InsufficientPrivilege):
        assert conn.execute(statement, {"id": BOB}).rowcount == 0


@pytest.mark.parametrize("table", WHOSE)
async def test_nobody_writes_rows_of_another(crowd: World, table: str) -> None:
    """Rows as they are, that only their owner may write; their keys are never looked at."""
    row = rows(crowd.conninfo, table, BOB)[0]
    with (
        as_person(crowd.conninfo, ALICE) as conn,
        pytest.raises(errors.InsufficientPrivilege, match=r"row-level security|permission denied"),
    ):
        conn.execute(copy_into(table, row), (Jsonb(row),))


PERSONAL_WRITES = (
    "ratings",
    "favorites",
    "texts",
    "idempotency_keys",
    "events",
    "chat_sessions",
)
MADE = {"events": ("xid", "position", "recorded_at"), "users": ("database_id",), "chat_sessions": ("number",)}
"""Columns that PostgreSQL fills."""


def copy_into(table: str, row: dict[str, Any]) -> str:
    """The statement that inserts a row given as JSON."""
    columns = ", ".join(name for name in row if name not in MADE.get(table, ()))
    return f"insert into {table} ({columns}) select {columns} from jsonb_populate_record(null::{table}, %s)"


@pytest.mark.parametrize("table", PERSONAL_WRITES)
async def test_it_is_the_wall_that_keeps_rows_of_another_out(crowd: World, table: str) -> None:
    """These can be written: what is refused for Bob's id is not refused for one's own."""
    row = rows(crowd.conninfo, table, BOB)[0]
    copy = copy_into(table, row)
    mine = row | {"user_id": str(ALICE), "id": str(person("new")), "movie_id": str(person("no movie"))}
    with as_person(crowd.conninfo, ALICE) as conn:
        assert conn.execute(copy, (Jsonb(mine),)).rowcount == 1
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            conn.execute(copy, (Jsonb(row),))


async def test_nobody_gives_a_row_of_their_own_to_another(crowd: World) -> None:
    with as_person(crowd.conninfo, ALICE) as conn, pytest.raises(errors.InsufficientPrivilege):
        conn.execute("update ratings set user_id = %s", (BOB,))


@pytest.mark.parametrize(
    "way",
    [
        "select count(*) from events_p0 where user_id = :bob",
        "select password_hash from users where id = :bob",
        "select email_digest from users where id = :alice",
        "set local row_security = off; select count(*) from ratings",
        "alter table ratings disable row level security",
        "drop policy wall_select on ratings",
        "truncate ratings",
        "select * from sessions",
        "select * from user_keys",
    ],
)
async def test_there_is_no_way_round(crowd: World, way: str) -> None:
    with as_person(crowd.conninfo, ALICE) as conn, pytest.raises(errors.InsufficientPrivilege):
        conn.execute(way.replace(":bob", f"'{BOB}'").replace(":alice", f"'{ALICE}'").encode())


async def test_who_is_blocked_cannot_lift_the_block(crowd: World) -> None:
    """Though it is known to statements for them: what they may see depends on it."""
    (block,) = (row for row in rows(crowd.conninfo, "blocks", BOB) if row["user_id"] == str(BOB))
    with as_person(crowd.conninfo, block["blocked_id"]) as conn:
        assert conn.execute("select user_id from blocks").fetchall() == [(BOB,)]
        assert conn.execute("update blocks set is_active = false").rowcount == 0
    with as_person(crowd.conninfo, BOB) as conn:
        assert conn.execute("update blocks set is_active = false").rowcount == 1


async def test_functions_tell_nothing_of_what_is_hidden(crowd: World) -> None:
    (review,) = rows(crowd.conninfo, "reviews", BOB)
    (kept,) = rows(crowd.conninfo, "lists", BOB)
    asked = """
    select reads_text(%(text)s, 'REVIEW'), reads_text(%(title)s, 'TITLE'), sees_list(%(list)s), works_on(%(list)s),
           opens_person(%(bob)s), follows_person(%(bob)s), is_tied_to(%(bob)s)"""
    given = {"text": review["text_id"], "title": kept["title_id"], "list": kept["list_id"], "bob": BOB}
    with as_person(crowd.conninfo, ALICE) as conn:
        assert conn.execute(asked, given).fetchone() == (False,) * 7
    with as_person(crowd.conninfo, BOB) as conn:
        (_, title, *_) = conn.execute(asked, given).fetchone() or ()
        assert title


async def test_the_role_goes_back_to_no_other(crowd: World, owner_connection: Conn) -> None:
    """RESET ROLE leads nowhere; and who signs in as nothing but this role cannot leave it at all."""
    with as_person(crowd.conninfo, ALICE) as conn:
        conn.execute("reset role")
        assert conn.execute("select current_user").fetchone() == (VIEWER_ROLE,)
    owner_connection.execute(f"set session authorization {VIEWER_ROLE}")
    for role in (
        "projectionist_app",
        "projectionist_accounts",
        "projectionist_exporter",
        "projectionist_log",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            owner_connection.execute(f"set role {role}")
    assert owner_connection.execute(
        "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
    ).fetchone() == (False,)


async def test_accounts_reach_nothing_that_anybody_did(crowd: World) -> None:
    async with crowd.services.pool.connection() as conn:
        assert (await (await conn.execute("select count(*) > 0 from users")).fetchone()) == (True,)
        for table in set(WHOSE) - {"users", "profiles", "devices", "sessions", "user_keys", "mail_tokens"}:
            with pytest.raises(errors.InsufficientPrivilege):
                await conn.execute(f"select from {table}")


async def test_whose_account_is_known_changes_no_mail_of_another(crowd: World) -> None:
    ask = "insert into mail_requests (id, kind, user_id) values (gen_random_uuid(), 'PASSWORD_CHANGED', %s)"
    async with OwnPool(crowd.services.pool, ALICE).connection() as conn:
        found = await conn.execute("select distinct user_id from mail_tokens")
        assert await found.fetchall() == [(ALICE,)]
        assert (await conn.execute("delete from mail_tokens where user_id = %s", (BOB,))).rowcount == 0
        assert (await conn.execute(ask, (ALICE,))).rowcount == 1
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            await conn.execute(ask, (BOB,))


async def test_a_connection_acts_for_nobody_once_its_transaction_is_over(crowd: World) -> None:
    for _ in range(30):
        async with acting(crowd.services.pool, BOB) as conn:
            assert await (await conn.execute("select count(*) > 0 from ratings")).fetchone() == (True,)
            pid = conn.info.backend_pid
        async with crowd.services.pool.connection() as conn:
            said = "select nullif(current_setting('app.current_user_ids', true), ''), current_user"
            assert await (await conn.execute(said)).fetchone() == (None, "projectionist_accounts")
            if conn.info.backend_pid == pid:
                return
    pytest.fail("the connection did not come back")


# --- resolvers that get it wrong ---


def planted(**where: str) -> Built:
    """The schema with a bug: conditions of these fields of `User` lost who asks."""
    built = build()
    sources = dict(built.sources)
    for name, text in where.items():
        mapped = sources["User", name]
        assert isinstance(mapped.source, Page)
        assert "{viewer}" in mapped.source.where
        sources["User", name] = replace(mapped, source=replace(mapped.source, where=text))
    built.engine.sources = sources
    return replace(built, sources=sources)


_BUGS = {
    "ratings": "{t}.reaction is not null or {t}.half_stars is not null",
    "favorites": "{t}.is_active",
    "watchlist": "{t}.is_active",
    "history": "true",
    "diary": "{t}.is_active",
    "lists": "{t}.is_active",
    "reviews": "{t}.is_active",
}


@pytest.mark.parametrize("field", _BUGS)
async def test_a_resolver_that_forgot_who_asks_leaks_nothing(conninfo: str, field: str) -> None:
    async with opened(conninfo, planted(**{field: _BUGS[field]})) as wrong:
        await fill_for(wrong, "bob", "carol")
        asked = f"{{ viewer {{ {field} {{ totalCount edges {{ cursor }} }} }} }}"
        right = World(conninfo, build(), wrong.services)
        for who in set(PEOPLE) - {"carol"}:  # who was asked to work on Bob's list: that one she sees
            found = (await wrong.data(asked, by=who))["viewer"][field]
            assert found == (await right.data(asked, by=who))["viewer"][field]
            assert (found["totalCount"] > 0) or who != "bob"


RATINGS = "query Mine { viewer { id username ratings(first: 50) { edges { cursor } nodes { id } } } }"


async def test_thousands_of_requests_side_by_side_never_see_each_others_rows(crowd: World) -> None:
    """Statements that many share name all of them, and their own conditions keep these apart."""
    alone = {who: await crowd.data(RATINGS, by=who) for who in PEOPLE}
    assert len({str(data) for data in alone.values()}) == len(PEOPLE)
    sizes: list[int] = []
    crowd.services.reader.on_batch.append(lambda size, _: sizes.append(size))
    everybody = [*PEOPLE, None]

    async def ask(number: int) -> None:
        who = everybody[number * 5 % 7]
        data = await crowd.data(RATINGS, by=who)
        assert data == (alone[who] if who else {"viewer": None})

    for _ in range(60):
        await asyncio.gather(*(ask(number) for number in range(50)))
    assert max(sizes) > 1
    for _ in range(8):  # both lanes: nobody's rows stay for who comes next
        assert await crowd.data(RATINGS) == {"viewer": None}


async def test_a_bug_in_a_shared_statement_leaks_at_worst_to_those_who_share_it(conninfo: str) -> None:
    async with opened(conninfo, planted(ratings=_BUGS["ratings"])) as wrong:
        asked = "{ viewer { ratings { totalCount } } }"
        counts = await asyncio.gather(*(wrong.data(asked, by=who) for who in ("alice", "bob") * 20))
        everything = len(rows(conninfo, "ratings", ALICE)) + len(rows(conninfo, "ratings", BOB))
        assert rows(conninfo, "ratings", person("carol"))
        assert max(data["viewer"]["ratings"]["totalCount"] for data in counts) <= everything
