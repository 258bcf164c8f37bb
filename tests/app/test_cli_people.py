"""Accounts and master keys from the command line, and what is left of an address in the whole of a server's data."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any
from uuid import uuid4

import bcrypt
import pytest

from accounts.hashes import hash_password
from database.connect import connect
from tests.accounts.masters import SECRETS
from tests.accounts.test_emails import dumped
from tests.app.serving import serving
from tests.app.test_cli import Run, answered, refused, run, statuses
from tests.events.writing import Conn

__all__ = ["run"]

PASSWORD = "correct horse battery"
OLD, NEW = "an old master key, of 32 characters or so", "a new master key, of 32 characters or more"


def masters(**keys: str) -> dict[str, str]:
    return {"PROJECTIONIST_MASTER_KEYS": json.dumps(keys)}


def make(run: Run, name: str, env: dict[str, str]) -> Any:
    words = ("--email", f"{name}@Example.org", "--username", name, "--password-stdin", "--json")
    return answered(run("users", "create", *words, input=f"{PASSWORD}\n", env=env))


def test_a_master_key_is_replaced_step_by_step(run: Run) -> None:
    make(run, "ann", masters(old=OLD))
    make(run, "ben", masters(new=NEW, old=OLD))
    before = answered(run("keys", "list", "--json", env=masters(new=NEW, old=OLD)))
    assert before == {"first": "new", "wrappedBy": {"old": 2, "new": 1}, "destroyed": 0}
    lost = masters(new=NEW)
    assert "'old'" in refused(run("keys", "rewrap", env=lost))
    assert "'old'" in refused(run("migrate", env=lost))
    assert statuses(run("doctor", "--json", env=lost))["master keys"] == "fail"
    done = answered(run("keys", "rewrap", "--json", env=masters(new=NEW, old=OLD)))
    assert done == {"first": "new", "rewrapped": 2}
    assert answered(run("keys", "rewrap", "--json", env=lost))["rewrapped"] == 0
    assert statuses(run("doctor", "--json", env=lost))["master keys"] == "ok"
    emails = {user["email"] for user in answered(run("users", "list", "--json", env=lost))}
    assert emails == {"ann@Example.org", "ben@Example.org"}
    assert "old" not in run("keys", "list", env=lost).stdout


def test_migrate_seals_what_a_version_before_left(run: Run, connection: Conn, conninfo: str) -> None:
    connection.execute(
        "insert into users (id, email, email_key, username, username_key, password_hash)"
        " values (%s, 'Ann@Lovelace.example', 'ann@lovelace.example', 'ann', 'ann', %s)",
        (uuid4(), hash_password(PASSWORD, 4)),
    )
    assert "lovelace" in dumped(conninfo).lower()
    env = masters(old=OLD)
    assert answered(run("migrate", "--json", env=env))["sealed"] == 1
    assert "lovelace" not in dumped(conninfo).lower()
    (ann,) = answered(run("users", "list", "--json", env=env))
    assert ann["email"] == "Ann@Lovelace.example"
    assert (
        answered(run("users", "grant", "ANN@lovelace.example", "analyst", "--json", env=env))["id"]
        == ann["id"]
    )


SIGN_IN = """mutation ($l: String!) { signIn(input: {login: $l, password: "a fish called wanda"}) {
  errors { code } session { accessToken } viewer { email } } }"""


async def test_k7_whom_an_operator_deactivated_stays_out_until_activated(run: Run, conninfo: str) -> None:
    env = masters(**SECRETS)
    async with serving(conninfo) as served:
        await served.sign_up()

        async def sign_in() -> Any:
            found = await served.ask(SIGN_IN, variables={"l": "WANDA@example.org"})
            return found["data"]["signIn"]

        assert (await sign_in())["viewer"] == {"email": "wanda@example.org"}
        gone = answered(
            await asyncio.to_thread(run, "users", "deactivate", "wanda@example.org", "--json", env=env)
        )
        assert gone["deactivatedAt"] is not None
        assert (await sign_in())["errors"] == [{"code": "ACCOUNT_DEACTIVATED"}]
        back = answered(await asyncio.to_thread(run, "users", "activate", "wanda", "--json", env=env))
        assert back["deactivatedAt"] is None
        assert (await sign_in())["errors"] == []


async def test_k102_over_http_nothing_of_a_person_is_left_in_the_clear(conninfo: str, redis_url: str) -> None:
    async with serving(conninfo, redis_url=redis_url) as served:
        token = await served.sign_up("wanda")
        document = """mutation {
          updateProfile(input: {phone: "+49 30 901820", dateOfBirth: "1981-03-04"}) { errors { code } }
          registerDevice(input: {platform: WEB, token: "https://push.example/secret"}) { errors { code } } }"""
        answer = await served.ask(document, token=token)
        assert answer["data"] == {"updateProfile": {"errors": []}, "registerDevice": {"errors": []}}
        mine = await served.ask("{ viewer { email profile { phone dateOfBirth } } }", token=token)
        assert mine["data"]["viewer"] == {
            "email": "wanda@example.org",
            "profile": {"phone": "+4930901820", "dateOfBirth": "1981-03-04"},
        }
    dump = dumped(conninfo).lower()
    for text in ("wanda@", "4930901820", "1981-03-04", "push.example"):
        assert text not in dump
        assert text.encode().hex() not in dump


WORD = "a fish called wanda"


def of_django(word: str) -> str:
    derived = hashlib.pbkdf2_hmac("sha256", word.encode(), b"seasalt", 1000)
    return f"pbkdf2_sha256$1000$seasalt${base64.b64encode(derived).decode()}"


@pytest.mark.parametrize("design", ["bcrypt 10", "bcrypt 12", "Django"])
async def test_k4_passwords_of_other_designs_sign_in_and_are_taken_over(conninfo: str, design: str) -> None:
    cost = design.removeprefix("bcrypt ")
    stored = (
        of_django(WORD)
        if design == "Django"
        else bcrypt.hashpw(WORD.encode(), bcrypt.gensalt(int(cost))).decode()
    )
    async with serving(conninfo) as served:
        await served.sign_up()
        with connect(conninfo) as conn:
            conn.execute("update users set password_hash = %s where username = 'wanda'", (stored,))
            wrong = await served.ask(SIGN_IN.replace(WORD, "a fish called eve"), variables={"l": "wanda"})
            assert wrong["data"]["signIn"]["errors"] == [{"code": "INVALID_CREDENTIALS"}]
            assert conn.execute("select password_hash from users where username = 'wanda'").fetchone() == (
                stored,
            )
            for _ in range(2):
                right = await served.ask(SIGN_IN, variables={"l": "wanda"})
                assert right["data"]["signIn"]["errors"] == []
                ((kept,),) = conn.execute(
                    "select password_hash from users where username = 'wanda'"
                ).fetchall()
                assert kept.startswith("$bcrypt-sha256$")
