from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import anyio
import bcrypt
import pytest

from accounts.hashes import hash_password
from accounts.passwords import (
    Passwords,
    PasswordTooLong,
    PasswordTooShort,
    TooBusy,
    WeakPassword,
    check_strength,
)
from tests.accounts.conftest import COST


@pytest.mark.parametrize("password", ["", "1234567", "ﷺ", "e\u0301" * 7])
def test_fewer_than_8_characters_are_too_short(password: str) -> None:
    with pytest.raises(PasswordTooShort):
        check_strength(password)


@pytest.mark.parametrize(
    "password",
    [
        "eight ch",
        "a film a day keeps the boredom away, and the whole family too, every day",
        "пароль-кино",
        "🎬" * 8,
        "zażółć gęślą jaźń",
        "x" * 1000,
        "with\0nul and \ud800",
    ],
)
def test_length_and_script_are_free(password: str) -> None:
    check_strength(password)


def test_more_than_1000_characters_are_too_long() -> None:
    with pytest.raises(PasswordTooLong):
        check_strength("x" * 1001)


@pytest.mark.parametrize(
    "password", ["password", "PassWord", "12345678", "ｐａｓｓｗｏｒｄ", "iloveyou", "sunshine"]
)
def test_a_common_password_is_refused_in_any_case(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_strength(password)


def test_ones_own_name_is_no_password() -> None:
    with pytest.raises(WeakPassword):
        check_strength("ADA@example.org", unlike=("ada@EXAMPLE.org", "countess"))
    check_strength("ada@example.org!", unlike=("ada@example.org",))


def test_the_list_of_common_passwords_is_not_loaded_by_the_import() -> None:
    program = "import sys, accounts.sessions; sys.exit('zxcvbn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_a_hash_made_in_a_thread_opens(passwords: Passwords) -> None:
    stored = await passwords.hash("a film a day")
    assert (await passwords.verify("a film a day", stored)).ok
    assert not (await passwords.verify("a film a year", stored)).ok
    assert not (await passwords.verify("a film a day", None)).ok


async def test_what_is_too_long_to_be_a_password_is_not_even_hashed(passwords: Passwords) -> None:
    assert not (await passwords.verify("x" * 1001, hash_password("x" * 1001, COST))).ok


async def test_a_weak_password_is_refused_before_it_is_hashed(passwords: Passwords) -> None:
    with pytest.raises(WeakPassword):
        await passwords.hash("countess of lovelace", unlike=["Countess of Lovelace"])


async def test_the_event_loop_turns_while_a_password_is_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    real = bcrypt.hashpw

    def announced(password: bytes, salt: bytes) -> bytes:
        begun.set()
        return real(password, salt)

    monkeypatch.setattr(bcrypt, "hashpw", announced)
    slow = Passwords(12)
    try:
        hashing = asyncio.ensure_future(slow.hash("a film a day"))
        await anyio.to_thread.run_sync(begun.wait)
        # each hop needs the interpreter in another thread: were it held for the hash, that would be done by now
        for _ in range(20):
            await anyio.to_thread.run_sync(int)
            assert not hashing.done()
        await hashing
    finally:
        slow.close()


async def test_more_than_the_bound_are_refused_and_the_places_come_back() -> None:
    crew = Passwords(10, workers=1, waiting=1)
    try:
        three = [crew.hash("a film a day") for _ in range(3)]
        answers = await asyncio.gather(*three, return_exceptions=True)
        assert [type(answer) for answer in answers] == [str, str, TooBusy]
        assert await crew.hash("a film a day")
    finally:
        crew.close()


async def test_who_would_wait_too_long_is_refused_and_it_is_soon_over() -> None:
    crew = Passwords(10, workers=1, most_wait_s=0.001)
    try:
        assert await crew.hash("a film a day")  # from now on it is known how long one takes
        answers = await asyncio.gather(*(crew.hash("a film a day") for _ in range(6)), return_exceptions=True)
        kinds = [type(answer) for answer in answers]
        assert set(kinds) == {str, TooBusy}
        assert kinds.count(str) <= 3
        assert await crew.hash("a film a day")
    finally:
        crew.close()


async def test_a_caller_who_goes_away_gives_the_place_back() -> None:
    crew = Passwords(COST, workers=1, waiting=1)
    try:
        for _ in range(20):
            pair = [asyncio.ensure_future(crew.verify("a film a day", None)) for _ in range(2)]
            await anyio.lowlevel.checkpoint()
            for one in pair:
                one.cancel()
            await asyncio.gather(*pair, return_exceptions=True)
            with anyio.fail_after(10):
                while not await _has_place(crew):
                    await anyio.lowlevel.checkpoint()
    finally:
        crew.close()


async def _has_place(crew: Passwords) -> bool:
    try:
        await crew.verify("a film a day", None)
    except TooBusy:
        return False
    return True
