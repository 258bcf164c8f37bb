"""What others do about a person, and what they do themself, while they are being erased."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg

from database.connect import connect
from events.person_locks import lock_people
from privacy.erasing import erase
from resolvers.ids import split_id
from tests.accounts.masters import new_keys
from tests.app.serving import Served
from tests.privacy.test_over_http import Person
from tests.waiting import until

Conn = psycopg.Connection[tuple[Any, ...]]

_WAITING = """
select exists (select from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database())"""
_LIST = """
insert into lists (list_id, user_id, title_id, visibility, is_active, position, changed_at, created_at, created_position)
values (%(list)s, %(owner)s, gen_random_uuid(), 'PUBLIC', true, 1, now(), now(), 1)"""
_ITEM = """
insert into list_items (list_id, movie_id, user_id, rank, is_active, position, added_position, placed_position,
                        noted_position)
values (%(list)s, gen_random_uuid(), %(owner)s, 'a', true, 2, 2, 2, 2)"""


def waits(conn: Conn) -> Callable[[], bool]:
    """Return what tells whether somebody waits for a lock."""

    def is_waiting() -> bool:
        (found,) = conn.execute(_WAITING).fetchone() or (False,)
        return bool(found)

    return is_waiting


def test_what_a_collaborator_was_putting_on_their_list_goes_too(connection: Conn, conninfo: str) -> None:
    ids = {"list": uuid4(), "owner": uuid4()}
    user = {"id": ids["owner"], "name": str(ids["owner"])}
    connection.execute(
        "insert into users (id, username, username_key) values (%(id)s, %(name)s, %(name)s)", user
    )
    connection.execute(_LIST, ids)

    def erased() -> object:
        with connect(conninfo) as conn:
            return erase(conn, new_keys(), ids["owner"], "person")

    with connect(conninfo) as other, ThreadPoolExecutor(1) as pool:
        with other.transaction():
            lock_people(other, ids["list"])
            other.execute(_ITEM, ids)
            erasing = pool.submit(erased)
            is_waiting = waits(connection)
            until(lambda: erasing.done() or is_waiting())
        assert erasing.result(10)
    assert connection.execute("select from list_items").fetchall() == []


async def test_who_is_asked_to_a_list_is_not_erased_meanwhile(served: Served, conninfo: str) -> None:
    one, other = [Person(served, await served.sign_up(name)) for name in ("gwendolen", "horatio")]
    user_id = (await one.ask("{ viewer { id } }"))["viewer"]["id"]
    made = (await other.does("createList", "list { id }", title="Shared"))["list"]["id"]
    with connect(conninfo) as conn, connect(conninfo) as watching:
        with conn.transaction():
            lock_people(conn, UUID(split_id(user_id)[1]))
            asking = asyncio.create_task(other.does("inviteToList", listId=made, userId=user_id))
            await asyncio.to_thread(until, waits(watching))
        assert (await asking)["errors"] == []


async def test_what_they_say_of_themself_meanwhile_is_a_conflict_and_then_too_late(
    served: Served, conninfo: str
) -> None:
    one = Person(served, await served.sign_up("gwendolen"))
    document = 'mutation { updateProfile(input: { bio: "Lighthouse" }) { errors { code } } }'
    with connect(conninfo) as conn, connect(conninfo) as watching:
        with conn.transaction():
            conn.execute("delete from users where username = 'gwendolen'")
            saying = asyncio.create_task(served.ask(document, token=one.token))
            await asyncio.to_thread(until, waits(watching))
        (error,) = (await saying)["errors"]
    assert error["extensions"]["code"] == "CONFLICT"
    again = await served.ask(document, token=one.token)
    assert "Lighthouse" not in str(again)
    assert "INTERNAL_ERROR" not in str(again)
