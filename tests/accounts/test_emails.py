"""E-mail addresses at rest."""

from __future__ import annotations

import asyncio
import subprocess
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from accounts.emails import BATCH, EMAIL, seal_emails
from accounts.keys import HOUSE, Keys
from accounts.masters import MasterKeyMissing, MasterKeys
from accounts.names import login_key
from accounts.passwords import Passwords
from accounts.people import create_user, find_by_login
from accounts.rewrapping import rewrap, standing
from app.embedded.postgres import program
from database.connect import Pool
from tests.accounts.masters import new_keys

Conn = psycopg.Connection[tuple[Any, ...]]
PASSWORD = "a film a day"


def dumped(conninfo: str) -> str:
    """The whole database as text, as a backup has it."""
    given = conninfo_to_dict(conninfo)
    return subprocess.run(
        [program("pg_dump"), "--inserts", "--dbname", conninfo],
        check=True,
        capture_output=True,
        text=True,
        env={"PGCONNECT_TIMEOUT": "5", "PGPASSWORD": str(given.get("password") or "")},
    ).stdout


def plain(conn: Conn, count: int) -> list[UUID]:
    """People as a version before left them."""
    people = [uuid4() for _ in range(count)]
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into users (id, email, email_key, username, username_key) values (%s, %s, %s, %s, %s)",
            [
                (user_id, f"Person{n}@Example.org", f"person{n}@example.org", f"person{n}", f"person{n}")
                for n, user_id in enumerate(people)
            ],
        )
    return people


async def test_k102_a_dump_of_the_database_holds_no_address(
    pool: Pool, keys: Keys, passwords: Passwords, conninfo: str
) -> None:
    user = await create_user(
        pool, keys, passwords, email="Ada@Lovelace.example", username="countess", password=PASSWORD
    )
    dump = dumped(conninfo)
    assert str(user.id) in dump
    assert "countess" in dump
    for text in ("lovelace", "ada@", PASSWORD, b"lovelace".hex()):
        assert text not in dump.lower()


async def test_k2_of_many_processes_that_want_one_address_at_once_one_gets_it(
    pool: Pool, passwords: Passwords
) -> None:
    """K2: the e-mail address is a login, unique whatever its case, though it is sealed."""
    answers = await asyncio.gather(
        *(
            create_user(pool, new_keys(), passwords, email=email, password=PASSWORD)
            for email in ("ada@example.org", "ADA@Example.ORG", "ada@EXAMPLE.org", "Ada@example.org")
        ),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["EmailTaken"] * 3 + ["User"]
    assert await find_by_login(pool, new_keys(), " ADA@example.org") in answers


async def test_a_sign_up_that_is_refused_leaves_no_key(
    pool: Pool, keys: Keys, passwords: Passwords, connection: Conn
) -> None:
    for _ in range(2):
        await asyncio.gather(
            create_user(pool, keys, passwords, email="ada@example.org", password=PASSWORD),
            return_exceptions=True,
        )
    assert connection.execute("select count(*) from user_keys where user_id <> %s", (HOUSE,)).fetchone() == (
        1,
    )


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH + 1])
def test_what_a_version_before_left_in_the_clear_is_sealed_at_deploy(connection: Conn, count: int) -> None:
    people = plain(connection, count)
    keys = new_keys()
    told: list[int] = []
    assert seal_emails(connection, keys, on_progress=told.append) == count
    assert told == [n for n in (min(BATCH, count), count) if n][: -(-count // BATCH)]
    assert seal_emails(connection, new_keys()) == 0
    rows = connection.execute("select id, email, email_key, email_sealed, email_digest from users").fetchall()
    data_keys = new_keys().fetch(connection, [HOUSE, *people])
    found = {}
    for user_id, email, key, sealed, digest in rows:
        assert (email, key) == (None, None)
        found[user_id] = data_keys[user_id].open(EMAIL, sealed)
        assert data_keys[HOUSE].digest(EMAIL, login_key(found[user_id])) == digest
    assert found == {user_id: f"Person{n}@Example.org" for n, user_id in enumerate(people)}


def test_sealing_that_was_stopped_goes_on_where_it_was(connection: Conn) -> None:
    plain(connection, BATCH + 7)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal_emails(connection, new_keys(), on_progress=stop)
    assert seal_emails(connection, new_keys()) == 7


async def test_an_address_that_an_old_server_gave_away_twice_stays_with_the_first(
    pool: Pool, keys: Keys, passwords: Passwords, connection: Conn
) -> None:
    first = await create_user(pool, keys, passwords, email="person0@example.org", password=PASSWORD)
    (second,) = plain(connection, 1)
    assert seal_emails(connection, new_keys()) == 1
    assert await find_by_login(pool, keys, "person0@example.org") == first
    ((sealed,),) = connection.execute("select email_sealed from users where id = %s", (second,)).fetchall()
    assert new_keys().fetch(connection, [second])[second].open(EMAIL, sealed) == "Person0@Example.org"


async def test_without_the_master_key_a_server_does_not_begin(
    pool: Pool, keys: Keys, passwords: Passwords, connection: Conn
) -> None:
    await create_user(pool, keys, passwords, email="ada@example.org", password=PASSWORD)
    with pytest.raises(MasterKeyMissing, match="'test'"):
        seal_emails(connection, Keys(MasterKeys({"other": "x" * 32})))


async def test_a_master_key_is_replaced_and_everybody_still_signs_in(
    pool: Pool, keys: Keys, passwords: Passwords, connection: Conn
) -> None:
    user = await create_user(pool, keys, passwords, email="ada@example.org", password=PASSWORD)
    gone = await create_user(pool, keys, passwords, email="eve@example.org", password=PASSWORD)
    keys.destroy(connection, gone.id)
    new = {"new": "a new master key, of 32 characters or more"}
    both = MasterKeys({**new, "test": "a master key that is long enough for tests"})
    assert standing(connection).wrapped_by == {"test": 2}
    assert rewrap(connection, both) == 2
    assert rewrap(connection, both) == 0
    assert (standing(connection).wrapped_by, standing(connection).destroyed) == ({"new": 2}, 1)
    assert await find_by_login(pool, Keys(MasterKeys(new)), "ADA@example.org") == user
