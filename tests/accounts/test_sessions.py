from __future__ import annotations

import asyncio
import logging
import traceback
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID, uuid4

import bcrypt
import pytest

from accounts.attempts import Attempts
from accounts.keys import Keys
from accounts.passwords import Passwords, TooBusy
from accounts.people import Role, create_user, find, grant_role
from accounts.sessions import (
    AccountDeactivated,
    InvalidCredentials,
    InvalidRefreshToken,
    SignedIn,
    refresh,
    sign_in,
    sign_out,
    sign_up,
)
from accounts.tokens import RefreshToken, Tokens
from database.connect import Pool
from tests.accounts.clock import Clock
from tests.accounts.conftest import COST

EMAIL, PASSWORD = "ada@example.org", "a film a day"


@dataclass(frozen=True)
class Door:
    """The ways in, for one database."""

    pool: Pool
    keys: Keys
    passwords: Passwords
    tokens: Tokens
    attempts: Attempts

    async def sign_up(self) -> SignedIn:
        return await sign_up(
            self.pool, self.keys, self.passwords, self.tokens, email=EMAIL, username="Ada", password=PASSWORD
        )

    async def sign_in(
        self, login: str = EMAIL, password: str = PASSWORD, *, address: str = "192.0.2.1"
    ) -> SignedIn:
        return await sign_in(
            self.pool,
            self.keys,
            self.passwords,
            self.tokens,
            self.attempts,
            login=login,
            password=password,
            address=address,
        )

    async def refresh(self, token: str) -> SignedIn:
        return await refresh(self.pool, self.tokens, token)

    async def sql(self, text: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        async with self.pool.connection() as conn:
            cursor = await conn.execute(text, values)
            return await cursor.fetchall() if cursor.description else []


@pytest.fixture
def door(pool: Pool, keys: Keys, passwords: Passwords, tokens: Tokens, attempts: Attempts) -> Door:
    return Door(pool, keys, passwords, tokens, attempts)


async def ended_because(door: Door, session_id: UUID) -> str | None:
    ((because,),) = await door.sql("select revoked_because from sessions where id = %s", session_id)
    return because if because is None else str(because)


async def test_signing_up_signs_in(door: Door, clock: Clock) -> None:
    new = await door.sign_up()
    claims = door.tokens.verify_access(new.session.access_token)
    assert (claims.user_id, claims.session_id) == (new.user.id, new.session.id)
    assert claims.roles == new.user.roles == {Role.PERSON}
    assert claims.expires_at == new.session.expires_at
    ((stored, days),) = await door.sql(
        "select token_digest, expires_at - created_at from sessions where id = %s", new.session.id
    )
    token = RefreshToken.parse(new.session.refresh_token)
    assert token
    assert (stored, token.session_id) == (token.digest, new.session.id)
    assert days == timedelta(days=30)


@pytest.mark.parametrize("login", [EMAIL, "ADA@Example.Org", " ada@example.org ", "Ada", "ada", "ADA"])
async def test_either_name_in_any_case_opens(door: Door, login: str) -> None:
    new = await door.sign_up()
    again = await door.sign_in(login)
    assert again.user == new.user
    assert again.session.id != new.session.id


async def test_a_name_of_another_script_opens_in_any_case(door: Door) -> None:
    await create_user(
        door.pool, door.keys, door.passwords, email="g@straße.de", username="Großmutter", password=PASSWORD
    )
    for login in ["GROSSMUTTER", "großmutter", "G@STRAßE.de", "g@xn--strae-oqa.de"]:
        await door.sign_in(login)


WRONG_LOGINS = ["eve@example.org", "eve", "", "@", "ada@", "ada\0", "\ud800", "x" * 100_000]


async def test_unknown_and_wrong_are_refused_with_the_same_words(door: Door) -> None:
    await door.sign_up()
    pairs = [(login, PASSWORD) for login in WRONG_LOGINS]
    pairs += [(EMAIL, wrong) for wrong in ["", "A film a day", PASSWORD + " ", "x" * 2000, "\ud800\0"]]
    messages = set()
    for login, password in pairs:
        with pytest.raises(InvalidCredentials) as refused:
            await door.sign_in(login, password)
        messages.add((refused.value.code, refused.value.message, refused.value.path))
    assert len(messages) == 1


@pytest.mark.parametrize("change", ["nothing", "no account", "deactivated", "imported", "unusable"])
async def test_every_refusal_costs_the_same_work(
    door: Door, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.sign_up()
    statements: dict[str, LiteralString] = {
        "no account": "delete from users",
        "deactivated": "update users set deactivated_at = now()",
        "imported": "update users set password_hash = null",
        "unusable": "update users set password_hash = '!'",
    }
    if change in statements:
        await door.sql(statements[change])
    costs = []
    real = bcrypt.hashpw

    def counted(password: bytes, salt: bytes) -> bytes:
        costs.append(int(salt[4:6]))
        return real(password, salt)

    monkeypatch.setattr(bcrypt, "hashpw", counted)
    with pytest.raises(InvalidCredentials):
        await door.sign_in(password="a wrong one")
    assert costs == [COST]


async def test_an_account_without_a_password_opens_with_none(door: Door) -> None:
    await door.sql(
        "insert into users (id, username, username_key) values (%s, 'movielens-1', 'movielens-1')", uuid4()
    )
    for password in ["", "None", "null"]:
        with pytest.raises(InvalidCredentials):
            await door.sign_in("movielens-1", password)


async def test_a_deactivated_account_is_told_so_only_after_the_right_password(door: Door) -> None:
    new = await door.sign_up()
    await door.sql("update users set deactivated_at = now()")
    with pytest.raises(InvalidCredentials):
        await door.sign_in(password="a wrong one")
    with pytest.raises(AccountDeactivated):
        await door.sign_in()
    with pytest.raises(InvalidRefreshToken):
        await door.refresh(new.session.refresh_token)
    assert await ended_because(door, new.session.id) == "deactivated"
    await door.sql("update users set deactivated_at = null")
    with pytest.raises(InvalidRefreshToken):
        await door.refresh(new.session.refresh_token)
    await door.sign_in()


async def test_k4_a_hash_of_another_design_is_replaced_at_the_first_sign_in(door: Door) -> None:
    await door.sign_up()
    django = "pbkdf2_sha256$260000$seasalt$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo="
    await door.sql("update users set password_hash = %s", django)
    with pytest.raises(InvalidCredentials):
        await door.sign_in(password="letmein")
    assert await door.sql("select password_hash from users") == [(django,)]
    for _ in range(2):
        await door.sign_in(password="lètmein")
        ((stored,),) = await door.sql("select password_hash from users")
        assert stored.startswith("$bcrypt-sha256$")


async def test_too_many_at_once_are_told_to_come_back(door: Door) -> None:
    narrow = Passwords(10, workers=1, waiting=0)
    try:
        both = [replace(door, passwords=narrow).sign_in("eve") for _ in range(2)]
        answers = await asyncio.gather(*both, return_exceptions=True)
        assert {type(answer) for answer in answers} == {InvalidCredentials, TooBusy}
    finally:
        narrow.close()


async def test_a_refresh_brings_new_tokens_and_the_roles_of_now(door: Door, clock: Clock) -> None:
    new = await door.sign_up()
    await grant_role(door.pool, new.user.id, Role.ANALYST)
    await door.sql("update sessions set expires_at = now() + interval '1 minute'")
    clock.now += 60
    again = await door.refresh(new.session.refresh_token)
    assert again.session.id == new.session.id
    assert again.user == await find(door.pool, new.user.id)
    assert door.tokens.verify_access(again.session.access_token).roles == {Role.PERSON, Role.ANALYST}
    assert again.session.refresh_expires_at > new.session.refresh_expires_at
    assert again.session.expires_at == new.session.expires_at + timedelta(seconds=60)


async def test_a_token_used_twice_ends_the_session(door: Door) -> None:
    new, other = await door.sign_up(), await door.sign_in()
    thief = await door.refresh(new.session.refresh_token)
    for token in [new.session.refresh_token, thief.session.refresh_token]:
        with pytest.raises(InvalidRefreshToken):
            await door.refresh(token)
    assert await ended_because(door, new.session.id) == "reused"
    await door.refresh(other.session.refresh_token)


async def test_of_two_at_once_one_wins_and_nobody_stays_in(door: Door) -> None:
    token = (await door.sign_up()).session.refresh_token
    answers = await asyncio.gather(*(door.refresh(token) for _ in range(8)), return_exceptions=True)
    winners = [answer for answer in answers if isinstance(answer, SignedIn)]
    assert [type(answer) for answer in answers].count(InvalidRefreshToken) == 7
    assert len(winners) == 1
    with pytest.raises(InvalidRefreshToken):
        await door.refresh(winners[0].session.refresh_token)
    assert await ended_because(door, winners[0].session.id) == "reused"


@pytest.mark.parametrize("token", ["", "x", "żółw", "\0", "\ud800", "." * 66, "x" * 100_000])
async def test_what_is_no_refresh_token_changes_nothing(door: Door, token: str) -> None:
    new = await door.sign_up()
    with pytest.raises(InvalidRefreshToken):
        await door.refresh(token)
    with pytest.raises(InvalidRefreshToken):
        await door.refresh(RefreshToken.new(uuid4()).text)
    await sign_out(door.pool, token)
    await door.refresh(new.session.refresh_token)


async def test_a_session_ends_by_itself_and_the_next_sign_in_sweeps_it(door: Door) -> None:
    new = await door.sign_up()
    await door.sql("update sessions set expires_at = now()")
    with pytest.raises(InvalidRefreshToken):
        await door.refresh(new.session.refresh_token)
    again = await door.sign_in()
    assert await door.sql("select id from sessions") == [(again.session.id,)]


@pytest.mark.parametrize("by", ["id", "token", "old token"])
async def test_signing_out_ends_one_session_and_may_be_said_twice(door: Door, by: str) -> None:
    new, other = await door.sign_up(), await door.sign_in()
    current = await door.refresh(new.session.refresh_token)
    ways: dict[str, UUID | str] = {
        "id": new.session.id,
        "token": current.session.refresh_token,
        "old token": new.session.refresh_token,
    }
    for _ in range(2):
        await sign_out(door.pool, ways[by])
    with pytest.raises(InvalidRefreshToken):
        await door.refresh(current.session.refresh_token)
    assert await ended_because(door, new.session.id) == "signed_out"
    await door.refresh(other.session.refresh_token)


async def test_signing_out_of_no_session_is_no_error(door: Door) -> None:
    await sign_out(door.pool, uuid4())
    await sign_out(door.pool, RefreshToken.new(uuid4()).text)


async def test_no_secret_and_nothing_personal_is_shown_or_logged(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    new = await door.sign_up()
    again = await door.sign_in()
    refreshed = await door.refresh(again.session.refresh_token)
    for attempt in [
        door.sign_up(),
        door.sign_in(password=PASSWORD + "!"),
        door.refresh(again.session.refresh_token),
        door.refresh(refreshed.session.refresh_token),
    ]:
        try:
            await attempt
        except Exception as error:
            shown.append("".join(traceback.format_exception(error)))
    assert len(shown) == 4
    shown += [repr(one) for one in (new, again, refreshed, door.passwords, door.tokens)] + [caplog.text]
    sessions = [one.session for one in (new, again, refreshed)]
    secrets = [one.access_token for one in sessions] + [one.refresh_token for one in sessions]
    ((stored,),) = await door.sql("select password_hash from users")
    for secret in [*secrets, stored, PASSWORD, EMAIL]:
        assert not [text for text in shown if secret in text]
