"""The bench of the peers: its documents, what it takes for equal, and what it refuses to measure."""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from graphql import build_schema, parse, validate

import schema
from benchmarks.measure import Sample
from benchmarks.peers.equal import require_equal
from benchmarks.peers.outcome import LIMIT, UNPREPARED, Found, report
from benchmarks.peers.questions import ASGI, CACHED, OURS, PEERS, POSTGRAPHILE, ROWS, drawn, in_our_names
from benchmarks.postgres import Database
from benchmarks.questions import script
from benchmarks.servers import Server
from tests.test_house import ROOT

FOLDER = ROOT / "benchmarks" / "peers"
READING = [name for name in ROWS if name != "Rate"]


def test_our_schema_and_the_peers_take_the_same_documents() -> None:
    ours, theirs = schema.build().graphql, build_schema((FOLDER / "schema.graphql").read_text())
    documents = parse((FOLDER / "documents.graphql").read_text())
    assert validate(ours, documents) == []
    assert validate(theirs, documents) == []


@pytest.mark.parametrize("name", READING)
def test_a_document_becomes_a_script_in_which_nothing_is_left_to_bind(name: str) -> None:
    text, defined = script(drawn(name, random.Random(1))[OURS])
    assert not re.search(r"\$\d", text)
    used = set(re.findall(r"(?<!:):([a-z]\w*)", text))
    assert used <= {*defined, "person", "number", "year", "again"}
    varies = {"Movie": "movie", "Movies": "year"}.get(name, "viewer")
    assert f":{varies}::" in text


def test_every_server_is_asked_the_same() -> None:
    questions = drawn("Rate", random.Random(1))
    ours, theirs = questions[OURS].variables, questions[POSTGRAPHILE].variables
    assert ours == {"id": f"Movie:{theirs['id']}", "stars": theirs["halfStars"] / 2}
    assert {question.person for question in questions.values()} == {questions[OURS].person}
    assert {questions[peer].document for peer in PEERS if peer != POSTGRAPHILE} == {questions[OURS].document}


CARD = {"databaseId": 7, "tmdbId": None, "imdbId": "tt7", "title": "Seven", "releaseYear": 1995}
OUR_CARD = {"id": "Movie:m", **CARD, "genres": [{"id": "Genre:g", "name": "Crime", "slug": "crime"}]}
THEIR_CARD = {
    "rowId": "m",
    **CARD,
    "movieGenresByMovieId": {"nodes": [{"genreByGenreId": {"rowId": "g", "name": "Crime", "slug": "crime"}}]},
}


def one(**columns: Any) -> dict[str, Any]:
    """A list of one row with its movie, as PostGraphile has it."""
    return {"nodes": [{**columns, "movieByMovieId": THEIR_CARD}]}


def edge(**columns: Any) -> dict[str, Any]:
    """The same as we have it."""
    return {"edges": [{**columns, "node": OUR_CARD}]}


@pytest.mark.parametrize(
    ("name", "theirs", "ours"),
    [
        ("Movie", {"movieByRowId": THEIR_CARD}, {"movie": OUR_CARD}),
        ("Movies", {"allMovies": {"nodes": [THEIR_CARD]}}, {"movies": {"edges": [{"node": OUR_CARD}]}}),
        (
            "Home",
            {
                "viewer": {
                    "rowId": "u",
                    "username": "ada",
                    "readFavoritesByUserId": one(favoritedAt="then"),
                    "readWatchlistsByUserId": one(urgency=3, addedAt="then"),
                    "userRecommendationsByUserId": one(score=0.5),
                }
            },
            {
                "viewer": {
                    "id": "User:u",
                    "username": "ada",
                    "favorites": edge(favoritedAt="then"),
                    "watchlist": edge(priority="HIGH", addedAt="then"),
                    "recommendations": edge(score=0.5),
                }
            },
        ),
        (
            "Ratings",
            {"viewer": {"readRatingsByUserId": one(halfStars=7, reaction=None, ratedAt="then")}},
            {"viewer": {"ratings": edge(stars=3.5, reaction=None, ratedAt="then")}},
        ),
        (
            "Rate",
            {
                "rateMovie": {
                    "position": "9",
                    "type": "movie_rated",
                    "movieId": "m",
                    "title": "Seven",
                    "halfStars": 7,
                }
            },
            {
                "rateMovie": {
                    "errors": [],
                    "event": {"position": True, "type": "movie_rated"},
                    "movie": {"id": "Movie:m", "title": "Seven", "viewerState": {"stars": 3.5}},
                }
            },
        ),
    ],
)
def test_what_postgraphile_says_is_read_in_our_names(
    name: str, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    assert in_our_names(name, POSTGRAPHILE, theirs) == ours


@contextmanager
def saying(data: Any) -> Iterator[Server]:
    """A server that gives everybody the same answer."""
    body = json.dumps({"data": data}).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Server(server.server_port, cast(Any, None))
        finally:
            server.shutdown()


@pytest.mark.parametrize("wrong", PEERS)
def test_a_peer_that_answers_otherwise_stops_the_bench(wrong: str) -> None:
    right: dict[str, dict[str, Any]] = {peer: {"movie": OUR_CARD} for peer in (OURS, *PEERS)} | {
        POSTGRAPHILE: {"movieByRowId": THEIR_CARD}
    }
    key = next(iter(right[wrong]))
    right[wrong] = {key: {**right[wrong][key], "title": "Eight"}}
    nowhere = Database("", Path(), cast(Any, None))
    with ExitStack() as stack:
        servers = {name: stack.enter_context(saying(data)) for name, data in right.items()}
        with pytest.raises(RuntimeError, match=rf"{wrong}, Movie: data.movie.title: Seven is not Eight"):
            require_equal(nowhere, servers, [""] * 5_001)


def sample(rate: float) -> Sample:
    """A measurement whose p99 is 8 ms."""
    return Sample(rate, 1.0, 8.0, {"server": 10.0, "PostgreSQL": 20.0})


def test_ratios_are_taken_to_the_fastest_peer_and_to_pgbench() -> None:
    rates = {OURS: 600.0, CACHED: 1200.0, ASGI: 300.0, LIMIT: 400.0, UNPREPARED: 300.0}
    rates |= {"Mercurius": 100.0, "Apollo Server": 50.0, POSTGRAPHILE: 200.0}
    found: Found = {(name, who, n): sample(rates[who]) for name in ROWS for who in rates for n in (1, 16, 64)}
    made = report({}, True, found, {OURS: 110.0})
    reached = {target.what: target for target in made.targets}
    home = reached["Home at 64 ÷ the fastest peer (PostGraphile)"]
    assert (home.reached, home.is_met) == (3.0, False)
    assert reached["Home at 1 ÷ the fastest peer (PostGraphile)"].is_met
    assert reached["Home at 16 ÷ pgbench"].reached == 1.5
    assert reached["Home at 16 ÷ pgbench unprepared"].reached == 2.0
    assert reached["Home at 16, movies cached, ÷ the fastest peer"].is_met
    assert not reached["Home at 16, plain ASGI"].is_met
    assert not reached["Home, p99 at 16 ÷ the fastest peer's (PostGraphile)"].is_met
    assert reached["resident memory, MB"].is_met
    assert len(made.targets) == 5 * (3 + 2 * 2 + 3 + 1) + 3 + 1


def test_the_lock_of_the_peers_has_digests_and_no_address() -> None:
    packages = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    asked = json.loads((FOLDER / "package.json").read_text())
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []
    for name in asked["dependencies"] | asked["optionalDependencies"]:
        assert f"node_modules/{name}" in packages
