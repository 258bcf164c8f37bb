"""Subscriptions as the parts of one response, as Apollo's clients ask for them where there is no socket."""

from __future__ import annotations

import pytest

from app import streams
from tests.app.following import LIVE, idle, view
from tests.app.multipart import parts
from tests.app.serving import ALIVE, PLAIN, Served, codes
from tests.world import access_token

APOLLO = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'


async def test_each_event_is_a_part_as_soon_as_it_happened(served: Served) -> None:
    token = access_token("carol")
    start = await view(served, token)
    async with parts(served, LIVE, accept=APOLLO, token=token, after=start) as stream:
        for _ in range(3):
            at = await view(served, token)
            part = await anext(stream)
            assert set(part) == {"payload"}
            assert part["payload"]["data"]["interactions"]["position"] == at
    await idle(served)


@pytest.mark.parametrize(
    "accept",
    [
        "multipart/mixed;subscriptionSpec=1.0",
        'multipart/mixed; boundary="-"; subscriptionSpec="1.0", application/json;q=0.9',
        "Multipart/Mixed; SubscriptionSpec=1.0",
    ],
)
async def test_a_query_is_one_part_and_the_end(shared: Served, accept: str) -> None:
    async with parts(shared, "{ __typename }", accept=accept) as stream:
        assert [part async for part in stream] == [{"payload": ALIVE}]


@pytest.mark.parametrize(
    ("query", "token", "code"),
    [
        ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        (LIVE, None, "UNAUTHENTICATED"),
        (LIVE, "forged", "UNAUTHENTICATED"),
    ],
)
async def test_a_refusal_is_one_part_and_the_end(
    shared: Served, query: str, token: str | None, code: str
) -> None:
    async with parts(shared, query, accept=APOLLO, token=token) as stream:
        (part,) = [part async for part in stream]
        assert [error["extensions"]["code"] for error in part["payload"]["errors"]] == [code]


async def test_a_quiet_stream_has_empty_parts(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.05)
    token = access_token("carol")
    async with parts(served, LIVE, accept=APOLLO, token=token, after=await view(served, token)) as stream:
        assert [await anext(stream) for _ in range(3)] == [{}, {}, {}]
    await idle(served)


@pytest.mark.parametrize(
    "accept",
    ["multipart/mixed", "multipart/mixed;deferSpec=20210101", "multipart/mixed;subscriptionSpec=2.0"],
)
async def test_other_multipart_forms_are_not_offered(shared: Served, accept: str) -> None:
    refused = await shared.post("{ __typename }", headers={"accept": accept})
    assert (refused.status_code, codes(refused)) == (406, ["NOT_ACCEPTABLE"])
    response = await shared.post("{ __typename }", headers={"accept": f"{accept}, application/json"})
    assert response.json() == ALIVE
    assert response.headers["content-type"].startswith(PLAIN)


async def test_a_list_in_pieces_is_refused_and_told_why(shared: Served) -> None:
    response = await shared.post("{ genres @stream { name } }")
    assert codes(response) == ["GRAPHQL_VALIDATION_FAILED"]
    assert response.json()["errors"][0]["message"] == "Unknown directive '@stream'."
