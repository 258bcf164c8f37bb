"""A command about a list meets what its history says: the tables that it reads and plain Python agree."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from database.connect import session_conninfo
from database.pipeline import Lane
from events.list_items import ListItemAdded, ListItemEvent
from projections.list_states import list_state, reading
from tests.lists import Lists, list_id
from tests.projections.filling import Conn, fill, the_log
from tests.strategies import MOVES, arrange, gather, movie_id, play, rich_moves, user_id


async def test_the_state_that_is_read_is_what_the_log_says(conninfo: str, connection: Conn) -> None:
    log = play(rich_moves(80, without=[says for says in MOVES if says not in (gather, arrange)]))
    fill(connection, log)
    lists = Lists()
    lists.when(event.fact for event in log)
    assert len(lists.kept) > 1
    items = [
        (event.position, event.fact) for event in the_log(connection) if isinstance(event.fact, ListItemEvent)
    ]
    changed: dict[tuple[UUID, UUID | None], int] = {(fact.list_id, fact.listed_id): at for at, fact in items}
    added: dict[tuple[UUID, UUID | None], int] = {
        (fact.list_id, fact.listed_id): at for at, fact in items if isinstance(fact, ListItemAdded)
    }
    people, movies = [user_id(n) for n in range(4)], [movie_id(n) for n in range(5)]
    lane = Lane(session_conninfo(conninfo))
    await lane.open()
    asked = []
    for which in (list_id(person, number) for person in people for number in range(2)):
        for n, actor in enumerate(people):
            other = people[(n + 1) % len(people)]
            for movie, anchor in ((None, None), *((m, a) for m in movies for a in (None, *movies))):
                call = reading(actor, which, movie_id=movie, anchor_id=anchor, other_id=other)
                expected = lists.state(actor, which, movie_id=movie, anchor_id=anchor, other_id=other)
                about = which, movie
                at = replace(expected, added_at=added.get(about), changed_at=changed.get(about))
                asked.append((call, actor, which, at))
    answers = await lane.run([call for call, *_ in asked])
    await lane.close()
    for (_, actor, which, expected), rows in zip(asked, answers, strict=True):
        assert list_state(actor, which, rows) == expected
