"""Browsers: which pages may ask, which of them may read the answer, and what each answer tells the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from app import graphiql
from tests.app.serving import ALIVE, EVENTS, PROTOCOL, STRICT, Served, codes, serving
from tests.postgres import Databases

LISTED = "https://movies.example"
OTHER = "https://evil.example"
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}
QUERY = {"query": "{ __typename }"}


@pytest.fixture(scope="module")
async def open_to(clones: Databases) -> AsyncIterator[Served]:
    """A server that lists one other site."""
    with clones.clone() as conninfo:
        async with serving(conninfo, cors_origins=(LISTED, "http://localhost:5173")) as running:
            yield running


@pytest.mark.parametrize(
    ("headers", "meant"),
    [
        # no browser
        ({}, True),
        ({"accept": STRICT}, True),
        ({"user-agent": "curl/8.0"}, True),
        ({"user-agent": "node", "sec-fetch-mode": "cors"}, True),
        # a page of our own, and the address bar
        ({**BROWSER, "sec-fetch-site": "same-origin"}, True),
        ({**BROWSER, "sec-fetch-site": "same-origin", "accept": EVENTS}, True),
        ({**BROWSER, "sec-fetch-site": "none"}, True),
        ({**BROWSER, "referer": "http://{host}/page?x=1"}, True),
        ({**BROWSER, "origin": "http://{host}"}, True),
        # an image, a form, a script, an EventSource, a `fetch` with an Accept of its choice: from another site
        ({**BROWSER, "sec-fetch-site": "cross-site"}, False),
        ({**BROWSER, "sec-fetch-site": "same-site"}, False),
        ({**BROWSER, "sec-fetch-site": "cross-site", "accept": STRICT}, False),
        ({**BROWSER, "sec-fetch-site": "cross-site", "accept": EVENTS, "origin": OTHER}, False),
        ({**BROWSER, "sec-fetch-site": "cross-site", "content-type": "text/plain"}, False),
        ({**BROWSER, "sec-fetch-site": "cross-site", "content-type": "Text/Plain; application/json"}, False),
        ({**BROWSER, "sec-fetch-site": "cross-site", "content-type": "multipart/form-data"}, False),
        (
            {**BROWSER, "sec-fetch-site": "cross-site", "content-type": "application/x-www-form-urlencoded"},
            False,
        ),
        ({**BROWSER, "sec-fetch-site": "cross-site", "content-type": ""}, False),
        # the same over plain HTTP, where browsers say less
        (BROWSER, False),
        ({**BROWSER, "accept": STRICT}, False),
        ({**BROWSER, "origin": OTHER}, False),
        ({**BROWSER, "origin": "null"}, False),
        ({**BROWSER, "origin": "http://{host}.evil.example"}, False),
        ({**BROWSER, "referer": "https://evil.example/?http://{host}/"}, False),
        ({**BROWSER, "referer": "http://[::1"}, False),
        ({"origin": OTHER}, False),
        # a browser that once learnt a password for the host sends it along by itself
        ({**BROWSER, "sec-fetch-site": "cross-site", "authorization": "Basic YTpi"}, False),
        # what a page can send to another site only after that said yes
        ({**BROWSER, "sec-fetch-site": "cross-site", "x-requested-with": "fetch"}, True),
        ({**BROWSER, "sec-fetch-site": "cross-site", "apollo-require-preflight": "true"}, True),
        ({**BROWSER, "sec-fetch-site": "cross-site", "graphql-require-preflight": "1"}, True),
        ({**BROWSER, "sec-fetch-site": "cross-site", "x-apollo-operation-name": "Q"}, True),
        ({**BROWSER, "sec-fetch-site": "cross-site", "content-type": "application/json"}, True),
        # of a site that is listed, and of one that is not, here
        ({**BROWSER, "sec-fetch-site": "cross-site", "origin": LISTED}, False),
    ],
    ids=range(33),
)
async def test_a_get_that_a_page_of_another_site_can_cause_runs_nothing(
    shared: Served, headers: dict[str, str], meant: bool
) -> None:
    host = f"127.0.0.1:{shared.port}"
    given = {"user-agent": "", **{name: value.replace("{host}", host) for name, value in headers.items()}}
    response = await shared.http.get("/graphql", params=QUERY, headers=given)
    if meant:
        assert response.status_code == 200
        assert "Query" in response.text
    else:
        assert (response.status_code, codes(response)) == (403, ["CROSS_SITE_REQUEST"])


async def test_a_page_of_another_site_cannot_post(shared: Served) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None):
        headers = {"origin": OTHER, **({"content-type": content_type} if content_type else {})}
        response = await shared.http.post("/graphql", content=b'{"query": "{ __typename }"}', headers=headers)
        assert (response.status_code, codes(response)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


def preflight(origin: str, method: str = "POST") -> dict[str, str]:
    """Return what a browser asks before it sends JSON with a token."""
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization,content-type",
    }


async def test_pages_of_a_listed_site_may_ask_and_read(open_to: Served) -> None:
    for origin in (LISTED, "http://localhost:5173"):
        asked = await open_to.http.options("/graphql", headers=preflight(origin))
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == origin
        assert asked.headers["access-control-allow-headers"] == "authorization,content-type"
        assert "access-control-allow-credentials" not in asked.headers
        for response in (
            await open_to.post("{ __typename }", headers={"origin": origin}),
            await open_to.http.get("/graphql", params=QUERY, headers={**BROWSER, "origin": origin}),
        ):
            assert response.json() == ALIVE
            assert response.headers["access-control-allow-origin"] == origin
            exposed = response.headers["access-control-expose-headers"].split(", ")
            assert exposed == ["x-request-id", "ratelimit", "ratelimit-policy", "retry-after"]
            assert "Origin" in response.headers["vary"]
        stream = await open_to.post("{ __typename }", headers={"origin": origin, "accept": EVENTS})
        assert "event: complete" in stream.text
        assert stream.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize(
    "origin", [OTHER, "null", LISTED + ".evil.example", "http://movies.example", LISTED + ":8443"]
)
async def test_pages_of_other_sites_may_not(open_to: Served, origin: str) -> None:
    asked = await open_to.http.options("/graphql", headers=preflight(origin))
    assert asked.status_code == 400
    response = await open_to.post("{ __typename }", headers={"origin": origin})
    for answer in (asked, response):
        assert "access-control-allow-origin" not in answer.headers
    get = await open_to.http.get("/graphql", params=QUERY, headers={**BROWSER, "origin": origin})
    assert (get.status_code, codes(get)) == (403, ["CROSS_SITE_REQUEST"])


async def test_a_preflight_of_another_method_is_refused(open_to: Served) -> None:
    assert (await open_to.http.options("/graphql", headers=preflight(LISTED, "DELETE"))).status_code == 400


async def test_without_a_list_no_site_is_let_in(shared: Served) -> None:
    asked = await shared.http.options("/graphql", headers=preflight(LISTED))
    assert asked.status_code == 405
    response = await shared.post("{ __typename }", headers={"origin": LISTED})
    assert not [name for name in response.headers if name.startswith("access-control")]


async def test_only_graphql_is_open_to_other_sites(open_to: Served) -> None:
    for path in ("/metrics", "/livez", "/readyz"):
        response = await open_to.http.get(path, headers={"origin": LISTED})
        assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("origin", "listed", "accepted"),
    [
        (None, False, True),
        ("http://{host}", False, True),
        ("https://{host}", False, True),  # a proxy ends TLS
        (LISTED, False, False),
        (LISTED, True, True),
        (OTHER, True, False),
        ("null", True, False),
        ("http://127.0.0.1:1", True, False),
        ("http://{host}@evil.example", True, False),
        ("", True, False),
    ],
    ids=range(10),
)
async def test_a_socket_is_refused_to_a_page_of_another_site(
    shared: Served, open_to: Served, origin: str | None, listed: bool, accepted: bool
) -> None:
    served = open_to if listed else shared
    headers = {} if origin is None else {"origin": origin.replace("{host}", f"127.0.0.1:{served.port}")}
    if accepted:
        async with served.silent_socket(PROTOCOL, **headers) as socket:
            await socket.send(type="ping")
            assert await socket.receive() == {"type": "pong"}
    else:
        with pytest.raises(InvalidStatus) as refused:
            async with served.silent_socket(PROTOCOL, **headers):
                pass
        assert refused.value.response.status_code == 403


def is_strict(response: httpx.Response) -> bool:
    """Whether an answer tells browsers to be strict, once."""
    wanted = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "x-frame-options": "DENY",
    }
    return all(response.headers.get_list(name) == [value] for name, value in wanted.items())


async def test_the_editor_says_what_it_loads(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphiql, "assets", lambda _: {})  # they come from the package registry
    async with serving(conninfo, filled=False, graphiql=True) as served:
        response = await served.http.get("/graphql", headers={"accept": "text/html"})
        assert response.text == graphiql.page()
        assert response.headers["content-security-policy"] == graphiql.policy(response.text)
        assert is_strict(response)


async def test_every_answer_tells_browsers_to_be_strict(shared: Served) -> None:
    http = shared.http
    for response in (
        await shared.post("{ __typename }"),
        await shared.post("{ nothing }", headers={"accept": STRICT}),
        await shared.post("{ __typename }", headers={"accept": EVENTS}),
        await http.put("/graphql"),
        await http.get("/graphql", headers={"accept": "text/html"}),
        await http.get("/graphql/assets/none.js"),
        await http.get("/livez"),
        await http.get("/readyz"),
        await http.get("/metrics"),
        await http.get("/nothing"),
    ):
        assert is_strict(response), response.url
