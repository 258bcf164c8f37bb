"""GraphQL over HTTP: access tokens and passwords, and what a client with a wrong one may still do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.serving import PLAIN, STRICT, Served, answered, codes
from tests.catalogue import movie
from tests.world import access_token


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
