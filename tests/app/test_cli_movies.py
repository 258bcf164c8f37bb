"""Movies from the command line: a merge, as clients of a running server and its worker see it."""

from __future__ import annotations

import asyncio

import pytest

from app.worker import Worker
from database.connect import connect
from tests.app.serving import serving
from tests.app.test_cli import Run, answered, refused, run
from tests.catalogue import movie
from tests.world import access_token

__all__ = ["run"]

GONE, KEPT = f"Movie:{movie('stub')}", f"Movie:{movie('quotes')}"
RATE = """mutation ($id: ID!, $stars: Float!) { rateMovie(input: { movieId: $id, stars: $stars }) {
  errors { code } movie { id viewerState { stars } stats { ratingCount } } } }"""


async def test_k20_a_merge_is_heard_by_servers_and_finished_by_a_worker(conninfo: str, run: Run) -> None:
    bob = access_token("bob")
    async with serving(conninfo) as served:

        async def rate(stars: float) -> str:
            answer = await served.ask(RATE, variables={"id": GONE, "stars": stars}, token=bob)
            return str(answer["data"]["rateMovie"]["movie"]["id"])

        assert await rate(4) == GONE
        merged = await asyncio.to_thread(run, "movies", "merge", "tt9999999", movie("quotes"), "--json")
        assert answered(merged) == {"merged": str(movie("stub")), "into": str(movie("quotes"))}
        query = (
            "query ($id: ID!) { movie(by: { id: $id }) { id viewerState { stars } stats { ratingCount } } }"
        )
        expected = {"id": KEPT, "viewerState": {"stars": 4.0}, "stats": {"ratingCount": 1}}
        with connect(conninfo) as conn:
            worker = Worker(conninfo, seal_every_s=0.1)
            worker.start(conn)
        try:
            async with asyncio.timeout(10):
                while (await served.ask(query, variables={"id": GONE}, token=bob))["data"][
                    "movie"
                ] != expected:
                    await asyncio.sleep(0.05)
        finally:
            await asyncio.to_thread(worker.stop)
        assert await rate(3) == KEPT


@pytest.mark.parametrize(
    ("gone", "kept", "said"),
    [
        ("tt0078748", "tmdb:949", "Each has an id of its own"),
        ("tt0078748", "tt0078748", "no two movies"),
        ("tt0078748", "tmdb:1", "There is no movie tmdb:1."),
        ("alien", "tmdb:949", "There is no movie alien."),
    ],
)
@pytest.mark.usefixtures("catalogue_template")
def test_k20_what_cannot_be_one_movie_is_refused(run: Run, gone: str, kept: str, said: str) -> None:
    assert said in refused(run("movies", "merge", gone, kept))
