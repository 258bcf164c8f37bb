"""By which names a server is asked: its own, and not those of a site whose name was made to lead to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from app.hosts import LOOPBACK, allowed_by, named_by
from tests.app.bare import GOOD, Raw, raw
from tests.app.serving import ALIVE, PROTOCOL, Served, codes, serving
from tests.postgres import Databases
from tests.world import settings

LISTED = ("movies.example", "*.b.example", "[2001:db8::1]")


@pytest.fixture(scope="module", params=[True, False], ids=["door", "asgi"])
async def listing(clones: Databases, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    """A server with names of its own, by either way in."""
    with clones.clone() as conninfo:
        async with serving(
            conninfo, filled=False, allowed_hosts=LISTED, direct_http=request.param
        ) as running:
            yield running


@pytest.mark.parametrize(
    ("host", "is_answered"),
    [
        ("movies.example", True),
        ("MOVIES.example:8443", True),
        ("a.b.example", True),
        ("c.a.b.example:1", True),
        ("[2001:db8::1]:80", True),
        ("b.example", False),
        ("ab.example", False),
        ("movies.example.evil.example", False),
        ("evil.example:movies.example", False),
        ("evil.example@movies.example", False),
        ("movies.example@evil.example", False),
        ("movies.example/", False),
        ("127.0.0.1", False),
        ("2001:db8::1", False),
        ("[2001:db8::2]", False),
        ("*", False),
        ("", False),
    ],
)
async def test_a_list_of_names_lets_those_in_and_no_other(
    listing: Served, host: str, is_answered: bool
) -> None:
    for path in ("/graphql", "/metrics", "/livez", "/nothing"):
        response = await listing.http.get(path, headers={"host": host})
        assert (response.status_code == 400) is (not is_answered or path == "/graphql")
    response = await listing.post("{ __typename }", headers={"host": host, "x-request-id": "as-i-say"})
    assert response.headers["x-request-id"] == "as-i-say"
    assert response.headers["x-frame-options"] == "DENY"
    if is_answered:
        assert response.json() == ALIVE
    else:
        assert (response.status_code, codes(response)) == (400, ["HOST_NOT_ALLOWED"])
        assert host in ("", "*") or host not in response.text


@pytest.mark.parametrize("heads", [[], ["host: localhost", "host: evil.example"]], ids=["none", "two"])
async def test_who_names_no_host_or_two_is_refused(shared: Served, heads: list[str]) -> None:
    lines = ["POST /graphql HTTP/1.1", "content-type: application/json", f"content-length: {len(GOOD)}"]
    async with raw(shared) as connection:
        connection.writer.write("\r\n".join([*lines, *heads]).encode() + b"\r\n\r\n" + GOOD)
        assert await Raw.code(connection) == (400, "HOST_NOT_ALLOWED")


@pytest.mark.parametrize("name", ["localhost", "api.localhost", "127.0.0.1", "[::1]"])
async def test_a_server_on_ones_own_machine_has_the_names_that_no_site_has(shared: Served, name: str) -> None:
    response = await shared.post("{ __typename }", headers={"host": f"{name}:{shared.port}"})
    assert response.json() == ALIVE


async def test_a_page_whose_name_leads_here_reads_nothing_and_opens_no_socket(shared: Served) -> None:
    site = f"evil.example:{shared.port}"
    page = {"host": site, "origin": f"http://{site}", "sec-fetch-site": "same-origin"}
    assert codes(await shared.post("{ __typename }", headers=page)) == ["HOST_NOT_ALLOWED"]
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            f"ws://{site}/graphql",
            host="127.0.0.1",
            port=shared.port,
            origin=Origin(page["origin"]),
            subprotocols=[Subprotocol(PROTOCOL)],
        )
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("chosen", "allowed"),
    [
        ({}, LOOPBACK),
        ({"host": "localhost"}, LOOPBACK),
        ({"host": "::1"}, LOOPBACK),
        ({"host": "127.9.9.9", "allowed_hosts": "A.example, *.b.example"}, ("a.example", "*.b.example")),
        ({"host": "0.0.0.0"}, ("*",)),
        ({"host": "::"}, ("*",)),
        ({"host": "movies.example"}, ("*",)),
        ({"production": True}, ("*",)),
        ({"production": True, "allowed_hosts": "a.example"}, ("a.example",)),
    ],
    ids=range(9),
)
def test_names_fit_where_the_server_listens_unless_told(chosen: dict[str, Any], allowed: Any) -> None:
    assert allowed_by(settings(**chosen)) == allowed


def test_any_name_is_any_name() -> None:
    assert all(map(named_by(("a.example", "*")), ("", "evil.example", "x@y")))


@pytest.mark.parametrize(
    "wrong", ["a.example:8000", "https://a.example", "a.*.example", "*a.example", "ä.example"]
)
def test_what_is_no_name_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        settings(allowed_hosts=wrong)
