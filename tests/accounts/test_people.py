from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from accounts.keys import Keys
from accounts.names import InvalidEmail, InvalidUsername
from accounts.passwords import Passwords, PasswordTooShort, WeakPassword
from accounts.people import (
    EmailTaken,
    Role,
    User,
    UsernameTaken,
    create_user,
    find,
    find_by_login,
    grant_role,
    revoke_role,
)
from database.connect import Pool
from events.errors import Rejected

PASSWORD = "a film a day"


async def ada(pool: Pool, keys: Keys, passwords: Passwords, username: str | None = "Ada") -> User:
    return await create_user(
        pool, keys, passwords, email="Ada@Example.org", username=username, password=PASSWORD
    )


async def stored_hash(pool: Pool, user_id: UUID) -> str:
    async with pool.connection() as conn:
        row = await (
            await conn.execute("select password_hash from users where id = %s", [user_id])
        ).fetchone()
    assert row
    return str(row[0])


async def test_a_new_account_is_found_by_id_e_mail_and_username(
    pool: Pool, keys: Keys, passwords: Passwords
) -> None:
    user = await ada(pool, keys, passwords)
    assert (user.username, user.roles) == ("Ada", frozenset({Role.PERSON}))
    assert user.id.version == 7
    assert await find(pool, user.id) == user
    for login in ["ada@example.ORG", "ADA@EXAMPLE.ORG ", "ada", "ADA"]:
        assert await find_by_login(pool, keys, login) == user


async def test_nobody_is_found_by_a_name_that_nobody_has(
    pool: Pool, keys: Keys, passwords: Passwords
) -> None:
    await ada(pool, keys, passwords)
    assert await find(pool, uuid4()) is None
    for login in ["", "eve", "ada@example", "ada\0", "\ud800", "ada@example.org" * 1000]:
        assert await find_by_login(pool, keys, login) is None


async def test_only_a_hash_of_the_password_is_stored(pool: Pool, keys: Keys, passwords: Passwords) -> None:
    stored = await stored_hash(pool, (await ada(pool, keys, passwords)).id)
    assert stored.startswith("$bcrypt-sha256$")
    assert (await passwords.verify(PASSWORD, stored)).ok


async def test_without_a_username_a_new_one_is_made(pool: Pool, keys: Keys, passwords: Passwords) -> None:
    user = await ada(pool, keys, passwords, username=None)
    assert user.username.startswith("viewer-")
    assert await find_by_login(pool, keys, user.username.upper()) == user


async def test_a_generated_username_that_is_taken_is_made_again(
    pool: Pool, keys: Keys, passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs = iter("aaaaaa" + "aaaaaa" + "bbbbbb")
    monkeypatch.setattr("secrets.choice", lambda _: next(signs))
    first = await ada(pool, keys, passwords, username=None)
    second = await create_user(pool, keys, passwords, email="eve@example.org", password=PASSWORD)
    assert (first.username, second.username) == ("viewer-aaaaaa", "viewer-bbbbbb")


@pytest.mark.parametrize(
    ("email", "username", "rejection"),
    [
        ("aDA@eXAMPLE.oRG", "eve", EmailTaken),
        ("ada@example.org", None, EmailTaken),
        ("eve@example.org", "aDA", UsernameTaken),
        ("ada@example.org", "ada", EmailTaken),
    ],
)
async def test_one_account_a_name_ignoring_case(
    pool: Pool, keys: Keys, passwords: Passwords, email: str, username: str | None, rejection: type[Rejected]
) -> None:
    await ada(pool, keys, passwords)
    with pytest.raises(rejection):
        await create_user(pool, keys, passwords, email=email, username=username, password=PASSWORD)


async def test_of_many_who_want_one_name_at_once_one_gets_it(
    pool: Pool, keys: Keys, passwords: Passwords
) -> None:
    answers = await asyncio.gather(*(ada(pool, keys, passwords) for _ in range(8)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["EmailTaken"] * 7 + ["User"]


@pytest.mark.parametrize(
    ("email", "username", "password", "rejection", "field"),
    [
        ("ada", "ada", PASSWORD, InvalidEmail, "email"),
        ("ada@example.org", "a", PASSWORD, InvalidUsername, "username"),
        ("ada@example.org", "", PASSWORD, InvalidUsername, "username"),
        ("ada@example.org", "ada", "short", PasswordTooShort, "password"),
        ("ada@example.org", "ada", "sunshine", WeakPassword, "password"),
        ("ada@example.org", "ada", "ADA@example.org", WeakPassword, "password"),
        ("ada@example.org", "countess", "Countess", WeakPassword, "password"),
        ("countess@example.org", None, "Countess", WeakPassword, "password"),
    ],
)
async def test_bad_input_makes_no_account(
    pool: Pool,
    keys: Keys,
    passwords: Passwords,
    email: str,
    username: str | None,
    password: str,
    rejection: type[Rejected],
    field: str,
) -> None:
    with pytest.raises(rejection) as refused:
        await create_user(pool, keys, passwords, email=email, username=username, password=password)
    assert refused.value.path == (field,)
    assert await find_by_login(pool, keys, email) is None


async def test_k8_roles_are_given_and_taken_once(pool: Pool, keys: Keys, passwords: Passwords) -> None:
    user = await create_user(
        pool,
        keys,
        passwords,
        email="ada@example.org",
        password=PASSWORD,
        roles=[Role.OPERATOR, Role.OPERATOR],
    )
    assert user.roles == {Role.PERSON, Role.OPERATOR}
    for _ in range(2):
        granted = await grant_role(pool, user.id, Role.ADMIN)
        assert granted
        assert granted.roles == {Role.PERSON, Role.OPERATOR, Role.ADMIN}
    async with pool.connection() as conn:
        assert await (await conn.execute("select cardinality(roles) from users")).fetchall() == [(3,)]
    for _ in range(2):
        await revoke_role(pool, user.id, Role.OPERATOR)
        found = await find(pool, user.id)
        assert found
        assert found.roles == {Role.PERSON, Role.ADMIN}


async def test_everybody_stays_a_person(pool: Pool, keys: Keys, passwords: Passwords) -> None:
    user = await ada(pool, keys, passwords)
    await grant_role(pool, user.id, Role.PERSON)
    assert await find(pool, user.id) == user
    with pytest.raises(ValueError, match="Everybody"):
        await revoke_role(pool, user.id, Role.PERSON)


async def test_nobody_gets_a_role_that_belongs_to_nobody(pool: Pool) -> None:
    assert await grant_role(pool, uuid4(), Role.ADMIN) is None
    assert await revoke_role(pool, uuid4(), Role.ADMIN) is None
