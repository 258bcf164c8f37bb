"""GraphQL over HTTP: access tokens and passwords, and what a client with a wrong one may still do."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import jwt
import pytest

from tests.app.serving import PLAIN, PROTOCOL, STRICT, Served, answered, codes, serving
from tests.catalogue import movie, person
from tests.world import access_token, settings


async def session(served: Served, name: str) -> Any:
    """Make an account and return its session."""
    query = "mutation ($i: SignUpInput!) { signUp(input: $i) { session { accessToken refreshToken } } }"
    given = {"email": f"{name}@example.org", "username": name, "password": f"a fish called {name}"}
    return (await served.ask(query, variables={"i": given}))["data"]["signUp"]["session"]


@pytest.mark.parametrize("header", ["Bearer x", "Bearer", "Basic YTpi", "x", "bearer a.b.c", "Token x", "é"])
async def test_a_token_that_proves_nothing_is_refused_before_anything_runs(
    shared: Served, header: str
) -> None:
    for accept, status in ((STRICT, 401), (PLAIN, 200)):
        response = await shared.http.post(
            "/graphql",
            json={"query": "{ genres { name } }"},
            headers={b"accept": accept.encode(), b"authorization": header.encode()},
        )
        assert (response.status_code, codes(response)) == (status, ["UNAUTHENTICATED"])
        assert "data" not in response.json()


async def test_an_access_token_works_whatever_the_case_of_its_scheme(shared: Served) -> None:
    token = (await session(shared, "casey"))["accessToken"]
    for header in (f"Bearer {token}", f"bearer {token}", f"BEARER  {token}"):
        response = await shared.post("{ viewer { username } }", headers={"authorization": header})
        assert response.json() == answered({"viewer": {"username": "casey"}}, 1)
    assert await shared.ask("{ viewer { username } }") == answered({"viewer": None}, 1)


async def test_an_expired_token_is_refused(shared: Served) -> None:
    for ago_s, status in ((3600, 401), (901, 401), (60, 200)):
        token = access_token("alice", ago_s=ago_s)
        response = await shared.post("{ viewer { username } }", token=token, headers={"accept": STRICT})
        assert response.status_code == status
        if status == 401:
            assert codes(response) == ["UNAUTHENTICATED"]


def forged(how: str) -> str:
    """Return an access token of alice that is right but for one thing."""
    (kid, key), now = next(iter(settings().token_keys().items())), int(time.time())
    claims: dict[str, Any] = {
        "iss": "projectionist",
        "aud": "projectionist",
        "exp": now + 900,
        "iat": now,
        "typ": "access",
        "sub": str(person("alice")),
        "sid": str(UUID(int=1)),
        "roles": ["person"],
    }
    headers = {"kid": kid}
    algorithm = "HS256"
    match how:
        case "alg none":
            key, algorithm = "", "none"
        case "another alg":
            algorithm = "HS384"
        case "another key":
            key = "a secret that somebody else has made up"
        case "another kid":
            headers = {"kid": "2"}
        case "expired":
            claims |= {"exp": now - 1, "iat": now - 901}
        case "not yet valid":
            claims |= {"nbf": now + 120}
        case "10 kB":
            claims |= {"more": "x" * 10_000}
        case "as it is":
            pass
        case _:
            claims |= {how: "another"}
    return jwt.encode(claims, key, algorithm=algorithm, headers=headers)


@pytest.mark.parametrize(
    "how",
    [
        *("alg none", "another alg", "another key", "another kid", "iss", "aud", "typ"),
        *("expired", "not yet valid", "10 kB"),
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_k101_a_forged_token_opens_nothing(shared: Served, how: str) -> None:
    question = "{ viewer { username } }"
    assert "alice" in (await shared.post(question, token=forged("as it is"))).text
    response = await shared.post(question, token=forged(how), headers={"accept": STRICT})
    assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])
    async with shared.silent_socket(PROTOCOL) as socket:
        await socket.send(type="connection_init", payload={"authorization": f"Bearer {forged(how)}"})
        assert await socket.closed() == 4403


async def test_a_refresh_token_is_no_access_token(shared: Served) -> None:
    token = (await session(shared, "rosa"))["refreshToken"]
    response = await shared.post("{ viewer { username } }", token=token, headers={"accept": STRICT})
    assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])


async def test_a_token_of_the_key_before_is_good_until_the_key_is_withdrawn(conninfo: str) -> None:
    old, new = "the old secret, of 32 characters or so", "the new secret, of 32 characters or so"
    question = "{ viewer { username } }"
    async with serving(conninfo, token_secret=None, token_secrets={"a": old}) as served:
        before = await served.sign_up("vera")
    async with serving(
        conninfo, filled=False, token_secret=None, token_secrets={"b": new, "a": old}
    ) as served:
        assert "vera" in (await served.post(question, token=before)).text
        after = (await session(served, "paul"))["accessToken"]
        assert jwt.get_unverified_header(after)["kid"] == "b"
    async with serving(conninfo, filled=False, token_secret=None, token_secrets={"b": new}) as served:
        assert codes(await served.post(question, token=before)) == ["UNAUTHENTICATED"]
        assert "paul" in (await served.post(question, token=after)).text


async def test_a_stale_header_does_not_keep_anybody_from_a_new_session(shared: Served) -> None:
    refresh = """mutation ($i: RefreshSessionInput!) { __typename
      refreshSession(input: $i) { errors { code } session { accessToken } } }"""
    given = {"i": {"refreshToken": (await session(shared, "stella"))["refreshToken"]}}
    response = await shared.post(refresh, token="outlived", variables=given, headers={"accept": STRICT})
    assert response.status_code == 200
    assert response.json()["data"]["refreshSession"]["errors"] == []
    sign_in = "mutation ($i: SignInInput!) { signIn(input: $i) { errors { code } viewer { username } } }"
    given = {"i": {"login": "STELLA", "password": "a fish called stella"}}
    response = await shared.post(sign_in, token="outlived", variables=given, headers={"accept": STRICT})
    assert response.status_code == 200
    assert response.json()["data"]["signIn"] == {"errors": [], "viewer": {"username": "stella"}}
    out = await shared.post("mutation { signOut(input: {}) { errors { code } } }", token="outlived")
    assert codes(out) == ["UNAUTHENTICATED"]


async def test_a_stale_header_opens_nothing_else(shared: Served) -> None:
    sign_out = 'signOut(input: { refreshToken: "x" }) { errors { code } }'
    favorite = f'favoriteMovie(input: {{ movieId: "Movie:{movie("heat")}" }}) {{ errors {{ code }} }}'
    for query in (
        f"mutation {{ {sign_out} {favorite} }}",
        f"mutation {{ {sign_out} ...F }} fragment F on Mutation {{ {favorite} }}",
        f"mutation {{ signOut: {favorite} }}",
        "query { signOut: __typename }",
    ):
        response = await shared.post(query, token="outlived", headers={"accept": STRICT})
        assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])


async def test_a_password_never_comes_back(shared: Served) -> None:
    document = "mutation($i: SignUpInput!) { signUp(input: $i) { errors { code message } } }"
    for given in (
        {"email": 7, "password": "s3cret-word"},
        {"password": "s3cret-word"},
        {"email": "a@b.org", "password": ["s3cret-word"]},
        {"email": "a@b.org", "password": "s3cret-word", "more": 1},
        {"email": "nobody", "password": "s3cret-word"},
    ):
        response = await shared.post(document, variables={"i": given})
        assert "s3cret" not in response.text
