"""Refresh tokens in a cookie: what it is like, who may use it, and where there is none."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app import graphiql
from app.cookies import NAME
from database.connect import connect
from tests.app.serving import EVENTS, PROTOCOL, Json, Served, codes, serving
from tests.postgres import Databases
from tests.world import access_token

LISTED = "https://app.movies.example"
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}
SESSION = "{ errors { code path } session { accessToken refreshToken expiresAt } }"
SIGN_UP = "mutation ($i: SignUpInput!) { done: signUp(input: $i) " + SESSION + " }"
SIGN_IN = "mutation ($i: SignInInput!) { done: signIn(input: $i) " + SESSION + " }"
REFRESH = "mutation ($i: RefreshSessionInput = {}) { done: refreshSession(input: $i) " + SESSION + " }"
SIGN_OUT = "mutation ($i: SignOutInput = {}) { done: signOut(input: $i) { errors { code } } }"
OVER = [{"code": "INVALID_REFRESH_TOKEN", "path": ["input", "refreshToken"]}]


@pytest.fixture(scope="module")
def database(clones: Databases) -> Iterator[str]:
    """The database of all servers of this file."""
    with clones.clone() as conninfo:
        yield conninfo


@pytest.fixture(scope="module", params=[True, False], ids=["door", "asgi"])
async def keeping(database: str, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    """A server in production that keeps refresh tokens in cookies, by either way in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphiql, "assets", lambda _: {})  # they come from the package registry
        given: dict[str, Any] = {"cors_origins": (LISTED,), "production": True, "graphiql": True}
        given["sign_ups_per_address"] = 1_000
        async with serving(
            database, refresh_cookie=True, direct_http=request.param, **given, filled=False
        ) as running:
            yield running


def new_person() -> Json:
    name = f"p{uuid4().hex[:12]}"
    return {"email": f"{name}@example.org", "username": name, "password": "a fish called " + name}


async def send(
    served: Served, query: str, cookie: str | None = None, given: Json = None, **more: Any
) -> httpx.Response:
    """Send an operation with a cookie, as no browser does unless its headers are given."""
    headers = {**more.pop("headers", {}), **({"cookie": f"a=b; {NAME}={cookie}"} if cookie else {})}
    if given is not None:
        more["variables"] = {"i": given}
    return await served.post(query, headers=headers, **more)


def kept(response: httpx.Response) -> str:
    """Return the token of the one cookie that a response sets, as it has to be."""
    (line,) = response.headers.get_list("set-cookie")
    pair, *attributes = line.split("; ")
    assert {attribute.lower() for attribute in attributes} > {
        "path=/graphql",
        "secure",
        "httponly",
        "samesite=strict",
    }
    name, _, token = pair.partition("=")
    assert name == NAME
    assert token not in response.text or token == '""'
    return token


async def signed_up(served: Served) -> str:
    """Make an account and return its refresh token."""
    return kept(await send(served, SIGN_UP, given=new_person()))


async def test_the_cookie_goes_through_a_session_and_no_script_sees_it(keeping: Served) -> None:
    person = new_person()
    made = await send(keeping, SIGN_UP, given=person)
    lasts = re.search(r"max-age=(\d+)", made.headers["set-cookie"].lower())
    assert lasts is not None
    assert 30 * 86_400 - 60 < int(lasts[1]) <= 30 * 86_400
    done = made.json()["data"]["done"]
    assert (done["errors"], done["session"]["refreshToken"]) == ([], None)
    login = {"login": person["username"], "password": person["password"]}
    entered = await send(keeping, SIGN_IN, given=login)
    assert entered.json()["data"]["done"]["session"]["refreshToken"] is None
    first = kept(entered)
    again = await send(keeping, REFRESH, first)
    second = kept(again)
    assert second != first
    session = again.json()["data"]["done"]["session"]
    assert session["refreshToken"] is None
    assert "errors" not in await keeping.ask("{ viewer { id } }", token=session["accessToken"])
    left = await send(keeping, SIGN_OUT, second, token=session["accessToken"])
    assert kept(left) == '""'
    assert "max-age=0" in left.headers["set-cookie"].lower()
    assert (await send(keeping, REFRESH, second)).json()["data"]["done"]["errors"] == OVER


async def test_a_token_that_is_given_goes_before_the_cookie(keeping: Served) -> None:
    given, cookie = await signed_up(keeping), await signed_up(keeping)
    answer = await send(keeping, REFRESH, cookie, {"refreshToken": given})
    assert kept(answer).split(".")[0] == given.split(".")[0]
    await send(keeping, SIGN_OUT, cookie, {"refreshToken": kept(answer)})
    assert (await send(keeping, REFRESH, kept(answer))).json()["data"]["done"]["errors"] == OVER
    kept(await send(keeping, REFRESH, cookie))


@pytest.mark.parametrize("cookie", [True, False], ids=["another's", "no token at all"])
async def test_signing_out_ends_the_access_tokens_session_too(keeping: Served, cookie: bool) -> None:
    made = await send(keeping, SIGN_UP, given=new_person())
    access = made.json()["data"]["done"]["session"]["accessToken"]
    await send(keeping, SIGN_OUT, await signed_up(keeping) if cookie else "nonsense", token=access)
    assert (await send(keeping, REFRESH, kept(made))).json()["data"]["done"]["errors"] == OVER


async def test_a_second_use_ends_the_session_and_sets_no_cookie(keeping: Served) -> None:
    first = await signed_up(keeping)
    second = kept(await send(keeping, REFRESH, first))
    for token in (first, second):
        over = await send(keeping, REFRESH, token)
        assert over.json()["data"]["done"] == {"errors": OVER, "session": None}
        assert "set-cookie" not in over.headers


@pytest.mark.parametrize("cookie", [None, "", '""', "nonsense", "a.b", "=;=", '"\\303\\244"'])
async def test_no_cookie_or_one_that_is_none_is_a_session_that_is_over(
    keeping: Served, cookie: str | None
) -> None:
    answer = await send(keeping, REFRESH, cookie)
    assert answer.json()["data"]["done"] == {"errors": OVER, "session": None}


async def test_operations_of_one_body_hand_the_cookie_on(keeping: Served) -> None:
    cookie = await signed_up(keeping)
    both = REFRESH.replace("done:", "a: refreshSession(input: {}) { session { accessToken } } done:")
    last = kept(await send(keeping, both, cookie))
    batch = [{"query": REFRESH}, {"query": REFRESH}]
    response = await keeping.http.post("/graphql", json=batch, headers={"cookie": f"{NAME}={last}"})
    assert [one["data"]["done"]["errors"] for one in response.json()] == [[], []]
    kept(await send(keeping, REFRESH, kept(response)))


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),
        ({**BROWSER, "origin": "http://{host}"}, True),
        ({**BROWSER, "origin": "https://{host}", "sec-fetch-site": "same-origin"}, True),
        ({**BROWSER, "origin": LISTED, "sec-fetch-site": "same-site"}, True),
        ({**BROWSER, "sec-fetch-site": "same-origin"}, True),
        ({**BROWSER, "referer": "http://{host}/page"}, True),
        (BROWSER, False),
        ({"origin": "https://evil.example"}, False),
        ({**BROWSER, "origin": "null"}, False),
        ({**BROWSER, "origin": "https://evil.example", "sec-fetch-site": "same-site"}, False),
        ({**BROWSER, "origin": "https://other.movies.example", "sec-fetch-site": "same-site"}, False),
        ({**BROWSER, "origin": "https://evil.example", "x-requested-with": "fetch"}, False),
        ({**BROWSER, "sec-fetch-site": "cross-site", "referer": LISTED + ".evil.example/"}, False),
    ],
    ids=range(13),
)
async def test_a_page_of_another_site_can_neither_use_nor_set_it(
    keeping: Served, headers: dict[str, str], is_ours: bool
) -> None:
    host = f"127.0.0.1:{keeping.port}"
    page = {"user-agent": "", **{name: value.replace("{host}", host) for name, value in headers.items()}}
    cookie = await signed_up(keeping)
    for query, given in ((REFRESH, None), (SIGN_UP, new_person()), (SIGN_OUT, None)):
        response = await send(keeping, query, cookie, given, headers=page)
        if is_ours:
            cookie = kept(response)
        else:
            assert codes(response) == ["CROSS_SITE_REQUEST"]
            assert "set-cookie" not in response.headers
    if not is_ours:
        kept(await send(keeping, REFRESH, cookie))  # it was not used


async def test_pages_of_listed_sites_may_send_it_and_those_of_others_may_not(keeping: Served) -> None:
    for origin, is_listed in ((LISTED, True), ("https://evil.example", False)):
        asked = {"origin": origin, "access-control-request-method": "POST"}
        preflight = await keeping.http.options("/graphql", headers=asked)
        answer = await send(keeping, "{ __typename }", headers={"origin": origin})
        for response in (preflight, answer):
            allowed = response.headers.get("access-control-allow-origin")
            assert allowed == (origin if is_listed else None)
            assert not is_listed or response.headers["access-control-allow-credentials"] == "true"


async def test_sockets_and_streams_have_no_cookie(keeping: Served) -> None:
    cookie = await signed_up(keeping)
    for query, given in ((REFRESH, None), (SIGN_UP, new_person())):
        stream = await send(keeping, query, cookie, given, headers={"accept": EVENTS})
        assert "set-cookie" not in stream.headers
        assert ("INVALID_REFRESH_TOKEN" in stream.text) is (query == REFRESH)
        assert '"refreshToken":null' not in stream.text
    async with keeping.silent_socket(PROTOCOL, cookie=f"{NAME}={cookie}") as socket:
        await socket.send(type="connection_init")
        await socket.receive()
        await socket.subscribe("1", REFRESH)
        assert (await socket.receive())["payload"]["data"]["done"]["errors"] == OVER
    kept(await send(keeping, REFRESH, cookie))


async def test_without_the_setting_there_is_no_cookie(shared: Served) -> None:
    made = await send(shared, SIGN_UP, given=new_person())
    token = made.json()["data"]["done"]["session"]["refreshToken"]
    refused = await send(shared, REFRESH, token)
    assert refused.json()["data"]["done"]["errors"] == OVER
    refreshed = await send(shared, REFRESH, given={"refreshToken": token})
    token = refreshed.json()["data"]["done"]["session"]["refreshToken"]
    gone = await send(shared, SIGN_OUT, given={"refreshToken": token})
    assert codes(await send(shared, SIGN_OUT, token)) == ["UNAUTHENTICATED"]
    for response in (made, refused, refreshed, gone):
        assert "set-cookie" not in response.headers


# --- the editor in production ---


async def page(served: Served, cookie: str | None, **headers: str) -> int:
    """Return the status of what a browser gets that opens the editor's address."""
    sent = {**BROWSER, "accept": "text/html", "sec-fetch-site": "none", **headers}
    if cookie:
        sent["cookie"] = f"{NAME}={cookie}"
    response = await served.http.get("/graphql", headers=sent)
    assert ("GraphiQL" in response.text) is (response.status_code == 200)
    assert response.headers["cache-control"] == "no-store"
    return response.status_code


@pytest.mark.parametrize(("role", "status"), [("operator", 200), ("admin", 200), ("analyst", 404)])
async def test_in_production_the_cookie_shows_who_may_see_the_editor(
    database: str, keeping: Served, role: str, status: int
) -> None:
    person = new_person()
    cookie = kept(await send(keeping, SIGN_UP, given=person))
    assert await page(keeping, cookie) == 404
    with connect(database) as conn:
        conn.execute(
            "update users set roles = array['person', %s] where username = %s", [role, person["username"]]
        )
    assert await page(keeping, cookie) == status
    assert await page(keeping, None) == 404
    assert await page(keeping, cookie + "x") == 404
    assert await page(keeping, cookie, **{"sec-fetch-site": "cross-site"}) == 404
    newer = kept(await send(keeping, REFRESH, cookie))  # looking at the page has not used it up
    assert await page(keeping, cookie) == 404
    assert await page(keeping, newer) == status
    await send(keeping, SIGN_OUT, newer)
    assert await page(keeping, newer) == 404


async def test_an_access_token_shows_it_too(keeping: Served) -> None:
    assert await page(keeping, None, authorization=f"Bearer {access_token('olga')}") == 200
    assert await page(keeping, None, authorization=f"Bearer {access_token('alice')}") == 404
