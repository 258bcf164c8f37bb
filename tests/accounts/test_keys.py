"""A data key for each person, under a master key."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from psycopg_pool import AsyncConnectionPool

from accounts.keys import KEPT, KEPT_S, Keys
from accounts.masters import MasterKeyMissing, MasterKeys
from database.connect import Pool
from events.people import AccountErased
from tests.accounts.clock import Clock
from tests.accounts.masters import SECRETS, new_keys

pytestmark = pytest.mark.anyio

Conn = psycopg.Connection[tuple[Any, ...]]
ADA, EVE = UUID(int=1), UUID(int=2)
TEXT = "Grüße, \N{PARTY POPPER}\x00 and more"


def stored(conn: Conn) -> dict[UUID, tuple[Any, ...]]:
    found = conn.execute("select user_id, wrapped, master_key_id, destroyed_at from user_keys")
    return {row[0]: row[1:] for row in found.fetchall()}


@pytest.mark.parametrize("text", ["", TEXT, "x" * 100_000])
async def test_what_is_sealed_opens_in_another_process(pool: Pool, keys: Keys, text: str) -> None:
    sealed = await keys.seal(pool, ADA, "review", text)
    assert len(sealed) == len(text.encode()) + 29
    assert await new_keys().open_many(pool, [(ADA, "review", sealed)]) == [text]


async def test_many_texts_of_many_people_take_one_query_and_keep_their_order(
    pool: AsyncConnectionPool, keys: Keys, connection: Conn
) -> None:
    people = [uuid4() for _ in range(50)]
    texts = [(user_id, "review", f"text {n}") for n, user_id in enumerate(people * 2)]
    sealed = await keys.seal_many(pool, texts)
    assert len(stored(connection)) == 50
    asked = [(user_id, "review", each) for (user_id, _, _), each in zip(texts, sealed, strict=True)]
    assert await keys.open_many(pool, [*asked, (ADA, "review", None)]) == [t for *_, t in texts] + [None]
    await pool.close()  # what is kept needs no query at all
    assert await keys.open_many(pool, asked[:1]) == ["text 0"]


async def test_the_same_text_is_never_the_same_bytes(pool: Pool, keys: Keys) -> None:
    assert len({await keys.seal(pool, ADA, "review", "yes") for _ in range(20)}) == 20


@pytest.mark.parametrize(("user_id", "purpose"), [(EVE, "review"), (ADA, "email")])
async def test_k102_bytes_copied_to_another_person_or_column_do_not_open(
    pool: Pool, keys: Keys, user_id: UUID, purpose: str
) -> None:
    sealed = await keys.seal(pool, ADA, "review", TEXT)
    await keys.seal(pool, EVE, "review", "something of hers, so that she has a key")
    with pytest.raises(InvalidTag):
        await keys.open_many(pool, [(user_id, purpose, sealed)])


async def test_bytes_that_were_changed_do_not_open(pool: Pool, keys: Keys) -> None:
    sealed = bytearray(await keys.seal(pool, ADA, "review", TEXT))
    sealed[-1] ^= 1
    with pytest.raises(InvalidTag):
        await keys.open_many(pool, [(ADA, "review", bytes(sealed))])


async def test_a_wrapped_key_put_in_place_of_another_one_does_not_unwrap(
    pool: Pool, keys: Keys, connection: Conn
) -> None:
    await keys.seal_many(pool, [(ADA, "review", TEXT), (EVE, "review", TEXT)])
    connection.execute(
        "update user_keys set wrapped = (select wrapped from user_keys where user_id = %s) where user_id = %s",
        (ADA, EVE),
    )
    with pytest.raises(MasterKeyMissing):
        await new_keys().get(pool, [EVE])


async def test_k103_a_destroyed_key_leaves_nothing_to_read_and_nothing_can_be_written(
    pool: Pool, keys: Keys, connection: Conn
) -> None:
    sealed = await keys.seal(pool, ADA, "review", TEXT)
    keys.destroy(connection, ADA)
    keys.destroy(connection, EVE)  # who never had one
    wrapped, key_id, destroyed_at = stored(connection)[ADA]
    assert (wrapped, key_id) == (None, None)
    for process in (keys, new_keys()):
        assert await process.open_many(pool, [(ADA, "review", sealed)]) == [None]
        for user_id in (ADA, EVE):
            with pytest.raises(AccountErased):
                await process.seal(pool, user_id, "review", TEXT)
    keys.destroy(connection, ADA)
    assert stored(connection)[ADA][2] == destroyed_at


async def test_another_process_knows_a_destroyed_key_for_a_minute_at_most(
    pool: Pool, clock: Clock, connection: Conn
) -> None:
    keys = Keys(MasterKeys(SECRETS), clock=clock)
    asked = [(ADA, "review", await keys.seal(pool, ADA, "review", TEXT))]
    new_keys().destroy(connection, ADA)
    clock.now += KEPT_S - 1
    assert await keys.open_many(pool, asked) == [TEXT]
    clock.now += 1
    assert await keys.open_many(pool, asked) == [None]


async def test_people_whose_key_is_made_at_the_same_moment_get_one(pool: Pool, connection: Conn) -> None:
    people = [uuid4() for _ in range(20)]
    processes = [new_keys() for _ in range(8)]
    sealed = await asyncio.gather(
        *(process.seal_many(pool, [(user_id, "review", TEXT) for user_id in people]) for process in processes)
    )
    assert len(stored(connection)) == 20
    for each in sealed:
        asked = [(user_id, "review", text) for user_id, text in zip(people, each, strict=True)]
        assert await new_keys().open_many(pool, asked) == [TEXT] * 20


@pytest.mark.parametrize("more", [0, 1])
async def test_a_process_keeps_some_thousand_keys(pool: AsyncConnectionPool, keys: Keys, more: int) -> None:
    people = sorted(uuid4() for _ in range(KEPT))
    await keys.get(pool, people, make=True)
    await keys.get(pool, people[:1])  # used last, so the next one goes
    assert len(await keys.get(pool, [uuid4() for _ in range(more)], make=True)) == more
    await pool.close()
    assert len(await keys.get(pool, people[:1])) == 1
    if not more:
        assert len(await keys.get(pool, people)) == KEPT


async def test_people_without_a_key_are_left_out(pool: Pool, keys: Keys, connection: Conn) -> None:
    assert await keys.get(pool, [ADA]) == {}
    assert stored(connection) == {}


def test_jobs_make_keys_outside_transactions_only(connection: Conn) -> None:
    keys = new_keys()
    with connection.transaction(), pytest.raises(RuntimeError):
        keys.fetch(connection, [ADA], make=True)
    sealed = keys.fetch(connection, [ADA], make=True)[ADA].seal("review", TEXT)
    with connection.transaction():
        assert new_keys().fetch(connection, [ADA])[ADA].open("review", sealed) == TEXT


async def test_the_first_master_key_wraps_and_all_unwrap(pool: Pool, connection: Conn) -> None:
    old = {"old": "an old master key, of 32 characters or so"}
    new = {"new": "a new master key, of 32 characters or more"}
    sealed = await Keys(MasterKeys(old)).seal(pool, ADA, "review", TEXT)
    both = Keys(MasterKeys({**new, **old}))
    assert await both.open_many(pool, [(ADA, "review", sealed)]) == [TEXT]
    await both.seal(pool, EVE, "review", TEXT)
    assert {user_id: row[1] for user_id, row in stored(connection).items()} == {ADA: "old", EVE: "new"}
    with pytest.raises(MasterKeyMissing, match="'old'"):
        await Keys(MasterKeys(new)).get(pool, [ADA])
    with pytest.raises(MasterKeyMissing, match="'old'"):
        await Keys(MasterKeys({"old": new["new"]})).get(pool, [ADA])


@pytest.mark.parametrize("secrets", [{}, {"1": "x" * 31}, {"1": "x" * 32, "2": "short"}])
def test_a_master_key_is_long_and_there_is_one(secrets: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKeys(secrets)
    assert MasterKeys({"1": "x" * 32}).first == "1"


async def test_a_digest_is_equal_for_equal_texts_of_one_key_and_purpose(pool: Pool, keys: Keys) -> None:
    ada, eve = (await keys.get(pool, [ADA, EVE], make=True)).values()
    digests = {
        ada.digest("email", "a"),
        ada.digest("email", "b"),
        ada.digest("phone", "a"),
        eve.digest("email", "a"),
    }
    assert len(digests) == 4
    assert (await new_keys().get(pool, [ADA]))[ADA].digest("email", "a") == ada.digest("email", "a")


def test_nothing_of_a_key_shows() -> None:
    key, row = new_keys().mint(ADA)
    assert "secret" not in repr(key).lower()
    assert row["wrapped"].hex() not in repr(key)
