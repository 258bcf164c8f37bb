"""Accounts over GraphQL: becoming somebody, staying signed in, and what is never said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from accounts.tokens import InvalidToken
from database.connect import connect
from events.errors import Rejected
from resolvers.context import Context, Viewer
from schema.errors import CODES
from tests.world import World

PASSWORD = "correct horse battery staple"
SESSION = (
    "errors { code message path } session { accessToken refreshToken expiresAt } viewer { id username email }"
)
SIGN_UP = f"mutation ($input: SignUpInput!) {{ signUp(input: $input) {{ {SESSION} }} }}"
SIGN_IN = f"mutation ($input: SignInInput!) {{ signIn(input: $input) {{ {SESSION} }} }}"
REFRESH = f"mutation ($input: RefreshSessionInput!) {{ refreshSession(input: $input) {{ {SESSION} }} }}"
SIGN_OUT = "mutation ($input: SignOutInput!) { signOut(input: $input) { errors { code } } }"


async def payload(world: World, query: str, **given: Any) -> Any:
    """Return the payload of a mutation of a stranger's."""
    (found,) = (await world.data(query, {"input": given})).values()
    return found


async def sign_up(world: World, **given: Any) -> Any:
    """Return the payload of a sign-up."""
    return await payload(
        world, SIGN_UP, **{"email": "dora@example.org", "username": "dora", "password": PASSWORD, **given}
    )


def refusals(found: Any) -> list[tuple[str, list[str]]]:
    """Return the code and path of each refusal of a payload that has no session."""
    assert found["errors"] == [] or (found["session"], found["viewer"]) == (None, None)
    return [(error["code"], error["path"]) for error in found["errors"]]


async def test_a_new_person_is_signed_in_at_once(world: World) -> None:
    found = await sign_up(world)
    assert refusals(found) == []
    assert (found["viewer"]["username"], found["viewer"]["email"]) == ("dora", "dora@example.org")
    claims = world.services.tokens.verify_access(found["session"]["accessToken"])
    assert found["viewer"]["id"] == f"User:{claims.user_id}"
    assert found["session"]["expiresAt"] == claims.expires_at.isoformat()
    for login in ("dora", "DORA", "dora@example.org", " Dora@Example.org "):
        again = await payload(world, SIGN_IN, login=login, password=PASSWORD)
        assert (refusals(again), again["viewer"]) == ([], found["viewer"])


async def test_a_name_is_made_up_when_none_is_given(world: World) -> None:
    for number, given in enumerate(({"username": None}, {})):
        found = await payload(world, SIGN_UP, email=f"{number}@example.org", password=PASSWORD, **given)
        assert refusals(found) == []
        assert found["viewer"]["username"].startswith("viewer-")


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"email": "nobody"}, "INVALID_EMAIL", "email"),
        ({"email": ""}, "INVALID_EMAIL", "email"),
        ({"email": "a\x00@example.org"}, "INVALID_EMAIL", "email"),
        ({"email": "ALICE@example.org"}, "EMAIL_TAKEN", "email"),
        ({"username": "Alice"}, "USERNAME_TAKEN", "username"),
        ({"username": "x"}, "INVALID_USERNAME", "username"),
        ({"username": "a@b"}, "INVALID_USERNAME", "username"),
        ({"username": "a\x00bc"}, "INVALID_USERNAME", "username"),
        ({"password": "short"}, "PASSWORD_TOO_SHORT", "password"),
        ({"password": "x" * 1001}, "PASSWORD_TOO_LONG", "password"),
        ({"password": "password1"}, "WEAK_PASSWORD", "password"),
        ({"password": "dora@example.org"}, "WEAK_PASSWORD", "password"),
    ],
    ids=str,
)
async def test_a_sign_up_that_a_rule_refuses_makes_nobody(
    world: World, given: Any, code: str, field: str
) -> None:
    assert refusals(await sign_up(world, **given)) == [(code, ["input", field])]
    with connect(world.conninfo) as conn:
        assert conn.execute("select count(*) from users").fetchone() == (6,)


@pytest.mark.parametrize("password", ["пароль и ещё слова", "x" * 1000, "🎈" * 64, "a\x00b and more of it"])
async def test_any_password_that_is_long_enough_works(world: World, password: str) -> None:
    assert refusals(await sign_up(world, password=password)) == []
    assert refusals(await payload(world, SIGN_IN, login="dora", password=password)) == []
    assert refusals(await payload(world, SIGN_IN, login="dora", password=password + "x")) == [
        ("INVALID_CREDENTIALS", ["input"])
    ]


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("dora", PASSWORD + "x"),
        ("nobody", PASSWORD),
        ("", ""),
        ("alice", ""),
        ("a\x00", PASSWORD),
        ("x" * 10_000, "x" * 10_000),
    ],
    ids=range(6),
)
async def test_a_wrong_login_and_a_wrong_password_are_refused_alike(
    world: World, login: str, password: str
) -> None:
    await sign_up(world)
    found = await payload(world, SIGN_IN, login=login, password=password)
    assert refusals(found) == [("INVALID_CREDENTIALS", ["input"])]


async def test_a_deactivated_account_says_so_to_its_owner_only(world: World) -> None:
    await sign_up(world)
    with connect(world.conninfo) as conn:
        conn.execute("update users set deactivated_at = now() where username = 'dora'")
    assert refusals(await payload(world, SIGN_IN, login="dora", password=PASSWORD)) == [
        ("ACCOUNT_DEACTIVATED", ["input"])
    ]
    assert refusals(await payload(world, SIGN_IN, login="dora", password="wrong")) == [
        ("INVALID_CREDENTIALS", ["input"])
    ]


async def test_each_refresh_token_works_once_and_a_used_one_ends_the_session(world: World) -> None:
    first = (await sign_up(world))["session"]["refreshToken"]
    second = await payload(world, REFRESH, refreshToken=first)
    assert (refusals(second), second["viewer"]["username"]) == ([], "dora")
    third = await payload(world, REFRESH, refreshToken=second["session"]["refreshToken"])
    assert refusals(third) == []
    over = [("INVALID_REFRESH_TOKEN", ["input", "refreshToken"])]
    assert refusals(await payload(world, REFRESH, refreshToken=first)) == over
    assert refusals(await payload(world, REFRESH, refreshToken=third["session"]["refreshToken"])) == over


@pytest.mark.parametrize(
    "token", ["", "x", "a.b", "é", "\x00", "A" * 22 + "." + "A" * 43, "x" * 10_000], ids=range(7)
)
async def test_a_token_that_never_was_is_refused(world: World, token: str) -> None:
    found = await payload(world, REFRESH, refreshToken=token)
    assert refusals(found) == [("INVALID_REFRESH_TOKEN", ["input", "refreshToken"])]
    assert await payload(world, SIGN_OUT, refreshToken=token) == {"errors": []}


async def test_signed_out_is_signed_out(world: World) -> None:
    token = (await sign_up(world))["session"]["refreshToken"]
    for _ in range(2):
        assert await payload(world, SIGN_OUT, refreshToken=token) == {"errors": []}
    assert refusals(await payload(world, REFRESH, refreshToken=token)) == [
        ("INVALID_REFRESH_TOKEN", ["input", "refreshToken"])
    ]


def acting(world: World, access_token: str) -> Context:
    """Return the context of a request that carries an access token."""
    claims = world.services.tokens.verify_access(access_token)
    return replace(world.context(), viewer=Viewer(claims.user_id, claims.session_id, frozenset(claims.roles)))


async def test_without_a_refresh_token_the_session_of_the_request_ends(world: World) -> None:
    session = (await sign_up(world))["session"]
    operation = world.built.engine.prepare(SIGN_OUT, None, {"input": {}})
    answer = await world.built.engine.run(operation, acting(world, session["accessToken"]))  # type: ignore[arg-type]
    assert json.loads(answer.body())["data"] == {"signOut": {"errors": []}}
    assert refusals(await payload(world, REFRESH, refreshToken=session["refreshToken"])) != []
    stranger = await world.ask(SIGN_OUT, {"input": {}})
    assert [error["extensions"]["code"] for error in stranger["errors"]] == ["UNAUTHENTICATED"]


async def test_who_signs_in_reads_the_payload_as_themself(world: World) -> None:
    await sign_up(world)
    query = """mutation ($input: SignInInput!) { signIn(input: $input) { viewer {
      username email favorites { totalCount } history { totalCount } } } }"""
    data = await world.data(query, {"input": {"login": "dora", "password": PASSWORD}}, by="alice")
    assert data["signIn"]["viewer"] == {
        "username": "dora",
        "email": "dora@example.org",
        "favorites": {"totalCount": 0},
        "history": {"totalCount": 0},
    }


async def test_a_granted_role_is_had_from_the_next_refresh_on(world: World) -> None:
    session = (await sign_up(world))["session"]
    with connect(world.conninfo) as conn:
        conn.execute("update users set roles = '{person,operator}' where username = 'dora'")
    assert world.services.tokens.verify_access(session["accessToken"]).roles == {"person"}
    refreshed = (await payload(world, REFRESH, refreshToken=session["refreshToken"]))["session"]
    assert world.services.tokens.verify_access(refreshed["accessToken"]).roles == {"person", "operator"}


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "e30.e30.e30", "\x00", "é" * 100, "x" * 10_000], ids=range(7)
)
async def test_a_forged_access_token_proves_nothing(shared: World, token: str) -> None:
    with pytest.raises(InvalidToken):
        shared.services.tokens.verify_access(token)


SECRET = "hunter2-and-more"
WRONG: list[Any] = [
    *({"login": "a", "password": value} for value in (12345678, None, [SECRET], {"x": SECRET}, 1.5, True)),
    {"login": [SECRET], "password": SECRET},
    {"login": {"password": SECRET}, "password": SECRET},
    {"login": "a", "pasword": SECRET},
    {"login": "a", "password": SECRET, "more": SECRET},
    *(SECRET, [SECRET], [{"login": "a", "password": SECRET, "more": 1}], 12345678, {}, None),
    {"login": "a; found: b", "password": [f"{SECRET}; found: x"]},
    {"login": "a", "password": ["cannot represent value: ", SECRET, "\n", SECRET]},
]


def literal(value: Any) -> str:
    """Return a value as it stands in a document."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("how", ["variable", "literal", "default", "a syntax error", "no quotes"])
async def test_a_password_never_comes_back_in_an_error(shared: World, wrong: Any, how: str) -> None:
    fields = "{ errors { code message } }"
    query, given = {
        "variable": (f"mutation ($i: SignInInput!) {{ signIn(input: $i) {fields} }}", {"i": wrong}),
        "literal": (f"mutation {{ signIn(input: {literal(wrong)}) {fields} }}", {}),
        "default": (f"mutation ($i: SignInInput! = {literal(wrong)}) {{ signIn(input: $i) {fields} }}", {}),
        "a syntax error": (f"mutation {{ signIn(input: {json.dumps(wrong)} {SECRET!r}) {fields} }}", {}),
        "no quotes": (
            f"mutation {{ signIn(input: {{ login: a password: {SECRET} hunter2 }}) {fields} }}",
            {},
        ),
    }[how]
    answer = await shared.ask(query, given)
    text = json.dumps(answer)
    assert "hunter2" not in text
    assert "12345678" not in text
    assert all(error["message"] and error["extensions"]["code"] for error in answer["errors"])


async def test_no_error_or_payload_holds_a_stored_secret(world: World) -> None:
    await sign_up(world)
    with connect(world.conninfo) as conn:
        row = conn.execute("select password_hash from users where username = 'dora'").fetchone()
    assert row is not None
    assert row[0]
    text = json.dumps(await payload(world, SIGN_IN, login="dora", password=PASSWORD))
    assert PASSWORD not in text
    assert row[0] not in text
    document = world.built.strawberry.as_str()
    assert "passwordHash" not in document


def rejections(kind: type[Rejected]) -> set[type[Rejected]]:
    """Return every rule's refusal."""
    return {kind, *(found for sub in kind.__subclasses__() for found in rejections(sub))}


def test_every_code_of_a_rule_is_listed_in_the_schema() -> None:
    ours = {
        kind
        for kind in rejections(Rejected)
        if hasattr(kind, "code") and not kind.__module__.startswith("tests.")
    }
    assert {kind.code for kind in ours} == set(CODES)
    assert all(kind.__doc__ for kind in ours)
