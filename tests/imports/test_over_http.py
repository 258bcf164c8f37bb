"""Whole imports as a client does them: uploaded, previewed, confirmed, undone, over HTTP."""

from __future__ import annotations

from typing import Any

from tests.app.serving import Served, serving
from tests.imports.exports import film, letterboxd
from tests.world import access_token

PREVIEW = """
query ($id: ID!) { node(id: $id) { ... on Import {
  id service status total done expiresAt
  counts { kind outcome count } skipped { what count }
  entries { totalCount nodes {
    kind outcome title releaseYear stars scale reaction watchedOn saidAt heldStars leavesWatchlist isRecorded
    movie { title } candidates { title releaseYear } } } } } }"""


async def upload(served: Served, body: bytes, token: str, name: str = "") -> Any:
    return await served.http.post(
        "/imports", params={"name": name}, content=body, headers={"authorization": f"Bearer {token}"}
    )


async def test_a_letterboxd_zip(conninfo: str) -> None:
    async with serving(conninfo) as served:
        token = access_token("alice")
        body = letterboxd(
            ratings=[
                (*film("2020-01-05", "Alien", 1979, "2awY"), 5),
                (*film("2020-01-06", "Toy Story", 1995, "2"), 4.5),
            ],
            diary=[(*film("2020-01-05", "Alien", 1979, "abc"), 5, "", "", "2020-01-04")],
            watched=[film("2020-01-05", "Alien", 1979, "2awY")],
            watchlist=[film("2021-01-05", "Nowhere at all", 1999, "3")],
        )
        response = await upload(served, body, token)
        assert response.status_code == 201, response.text
        key = response.json()["data"]["import"]["id"]
        answer = await served.ask(PREVIEW, variables={"id": key}, token=token)
        print(answer)
        for mutation in ("confirmImport", "undoImport"):
            answer = await served.ask(
                "mutation($id: ID!) { done: "
                + mutation
                + "(input: {importId: $id}) { errors { code } import { status done } } }",
                variables={"id": key},
                token=token,
            )
            print(answer)
            print(
                await served.ask(
                    "{ viewer { history(first: 8) { nodes { type occurredAt source data } } } }", token=token
                )
            )
        assert 0
