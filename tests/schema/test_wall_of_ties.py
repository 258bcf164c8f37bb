"""Rows that tie somebody to another open what is the other's: nobody writes one that the other had no part in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.catalogue import person
from tests.postgres import Databases
from tests.schema.test_people import do
from tests.schema.test_wall import as_person
from tests.schema.walled import fill_for, rows
from tests.world import World, opened

Conn = psycopg.Connection[tuple[Any, ...]]

ALICE, BOB = person("alice"), person("bob")
FOLLOW = (
    "insert into follows (user_id, followee_id, status, since, position) values ({}, {}, {}, now(), 999999)"
)
MEMBER = """
insert into list_members (list_id, member_id, user_id, state, changed_at, position)
values (%(list)s, %(alice)s, {}, {}, now(), 999999)"""
ITEM = """
insert into list_items (list_id, movie_id, user_id, rank, is_active, position, added_position, placed_position,
                        noted_position)
values (%(list)s, gen_random_uuid(), {}, 'a', true, 999999, 999999, 999999, 999999)"""
MINE, HIS = "%(alice)s", "%(bob)s"
FORGED = [
    *(FOLLOW.format(MINE, HIS, status) for status in ("'FOLLOWING'", "'REQUESTED'", "null")),
    *(FOLLOW.format(HIS, MINE, status) for status in ("'FOLLOWING'", "'REQUESTED'", "null")),
    *(MEMBER.format(owner, f"'{state}'") for owner in (MINE, HIS) for state in ("JOINED", "INVITED", "LEFT")),
    ITEM.format(MINE),
    ITEM.format(HIS),
]


@pytest.fixture(scope="module")
async def crowd(clones: Databases) -> AsyncIterator[World]:
    """Bob, who shows himself to nobody and has a list that is his alone, and Alice."""
    with clones.clone() as conninfo:
        async with opened(conninfo) as world:
            await fill_for(world, "bob", "carol")
            await fill_for(world, "alice", "adam")
            yield world


def ids(world: World) -> dict[str, Any]:
    (made,) = rows(world.conninfo, "lists", BOB)
    return {"alice": ALICE, "bob": BOB, "list": made["list_id"]}


@pytest.mark.parametrize("forged", FORGED)
async def test_nobody_ties_themself_to_another(crowd: World, forged: str) -> None:
    with (
        as_person(crowd.conninfo, ALICE) as conn,
        pytest.raises(errors.InsufficientPrivilege, match="row-level security"),
    ):
        conn.execute(forged.encode(), ids(crowd))


async def test_who_asked_to_follow_does_not_let_themself_in(conninfo: str) -> None:
    async with opened(conninfo) as world:
        await do(world, "setPrivacy", "__typename", "bob", privacy="FOLLOWERS")
        await do(world, "followUser", "__typename", "alice", userId=f"User:{BOB}")
        accept = "update follows set status = 'FOLLOWING' where user_id = %(alice)s and followee_id = %(bob)s"
        with as_person(conninfo, ALICE) as conn, pytest.raises(errors.InsufficientPrivilege):
            conn.execute(accept, {"alice": ALICE, "bob": BOB})
        with as_person(conninfo, BOB) as conn:
            assert conn.execute(accept, {"alice": ALICE, "bob": BOB}).rowcount == 1


async def test_only_the_application_adds_partitions_to_the_log(
    connection: Conn, owner_connection: Conn
) -> None:
    """The function has the rights of its owner: whoever may run it could make tables without end."""
    asked = """
    select rolname from pg_roles where has_function_privilege(oid, 'events_add_partitions(bigint, bigint)', 'execute')
       and not rolsuper"""
    may = {role for (role,) in owner_connection.execute(asked)}
    assert may == {"projectionist_app", "projectionist_partitions"}
    assert connection.execute("select events_add_partitions()").fetchone() == (0,)
