"""A command about a list meets what its history says: the tables that it reads and plain Python agree."""

from __future__ import annotations

from itertools import product

from database.connect import session_conninfo
from database.pipeline import Lane
from events.ranks import rank_between
from projections.list_states import list_state, reading, reading_at
from tests.lists import Lists, list_id
from tests.projections.filling import Conn, fill, the_log
from tests.strategies import MOVES, arrange, gather, manage, movie_id, play, rich_moves, user_id

MIDDLE = rank_between(None, None)
"""The rank of the first movie of a list."""


async def test_the_state_that_is_read_is_what_the_log_says(conninfo: str, connection: Conn) -> None:
    wanted = (gather, arrange, manage)
    fill(connection, play(rich_moves(150, without=[says for says in MOVES if says not in wanted])))
    lists = Lists()
    for event in the_log(connection):
        lists.take(event.fact, event.position)
    assert len(lists.kept) > 1
    assert lists.gone
    people, movies = [user_id(n) for n in range(4)], [movie_id(n) for n in range(5)]
    lane = Lane(session_conninfo(conninfo))
    await lane.open()
    asked = []
    for which in (list_id(person, number) for person in people for number in range(2)):
        for n, actor in enumerate(people):
            other = people[(n + 1) % len(people)]
            for movie, anchor in ((None, None), *((m, a) for m in movies for a in (None, *movies))):
                call = reading(actor, which, movie_id=movie, anchor_id=anchor, other_id=other)
                state = lists.state(actor, which, movie_id=movie, anchor_id=anchor, other_id=other)
                asked.append((call, actor, which, state))
            for movie, rank in product(movies, (None, "1", MIDDLE, MIDDLE + "8", "f")):
                call = reading_at(actor, which, movie, rank)
                asked.append((call, actor, which, lists.state(actor, which, movie_id=movie, rank=rank)))
    answers = await lane.run([call for call, *_ in asked])
    await lane.close()
    for (_, actor, which, expected), rows in zip(asked, answers, strict=True):
        assert list_state(actor, which, rows) == expected
