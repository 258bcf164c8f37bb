"""Nothing is measured of servers that say, or write, different things."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import orjson

from benchmarks.answers import comparable, first_difference
from benchmarks.catalogue import person
from benchmarks.http_load import ask
from benchmarks.peers.questions import OURS, PEERS, ROWS, Json, drawn, in_our_names
from benchmarks.postgres import Database
from benchmarks.questions import Question
from benchmarks.servers import Server

_CHECKED = 20
"""Random people and movies for each document."""
_WRITTEN = """
select (select count(*) from peer.events where user_id = %(user)s and movie_id = %(movie)s),
       (select half_stars from peer.ratings where user_id = %(user)s and movie_id = %(movie)s)"""


def require_equal(db: Database, servers: Mapping[str, Server], signed: Sequence[str]) -> None:
    """Raise RuntimeError when a peer does not answer as we do, or has not written what it acknowledged."""
    chance = random.Random("equal")
    for name in ROWS:
        for _ in range(_CHECKED):
            questions = drawn(name, chance)
            mine = _answer(servers[OURS], OURS, questions[OURS], signed)
            if name == "Rate" and mine["rateMovie"]["event"] is None:
                continue  # what was said before is not recorded again
            for peer in PEERS:
                theirs = _answer(servers[peer], peer, questions[peer], signed)
                if mine != theirs:
                    raise RuntimeError(f"{peer}, {name}: {first_difference(mine, theirs)}")
    for peer in PEERS:
        _require_written(db, peer, servers[peer], signed)


def _answer(server: Server, name: str, question: Question, signed: Sequence[str]) -> Json:
    (body,) = ask(server.port, [question.request(signed)])
    answer: Json = comparable(in_our_names(question.name, name, orjson.loads(body)["data"]))
    return answer


def _require_written(db: Database, peer: str, server: Server, signed: Sequence[str]) -> None:
    """What was acknowledged is an event more, and the rating that holds."""
    questions = drawn("Rate", random.Random(peer))
    given = questions[OURS].variables
    about = {"user": person(questions[OURS].person), "movie": given["id"].partition(":")[2]}
    with db.owner() as conn:
        before = conn.execute(_WRITTEN, about).fetchone()
        ask(server.port, [questions[peer].request(signed)])
        after = conn.execute(_WRITTEN, about).fetchone()
    assert before is not None
    if after != (before[0] + 1, given["stars"] * 2):
        raise RuntimeError(f"{peer} acknowledged a rating: {before} became {after}")
