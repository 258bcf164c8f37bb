"""Every table is damaged, then rebuilt, while people write, read what they wrote, and followers follow."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from database.connect import connect, pool, session_conninfo
from database.pipeline import Lane
from events.handle import Handler
from events.pair import Pair, PairEvent
from events.ratings import rate_movie
from events.viewing import view_movie
from events.window import Command
from projections.follow import Follower, catch_up
from projections.rebuild import rebuild, roll_back
from projections.registry import families, fold_inline, projections
from tests.projections.filling import Conn, differences
from tests.projections.test_rebuild import damage

READ = "select half_stars from ratings where user_id = %s and movie_id = %s"
HISTORY = "select count(*) from history where user_id = %s"


@pytest.fixture
def conninfo(filled_conninfo: str) -> str:
    """What this begins with: tables that hold what a log says."""
    return filled_conninfo


class Person:
    """Rates movies and looks each time whether the answer is there."""

    def __init__(self, handler: Handler, seed: int) -> None:
        self.handler = handler
        self.dice = random.Random(seed)
        self.id = uuid4()
        self.said = 0
        self.lost: list[object] = []

    async def act(self, reading: object) -> None:
        movie, half_stars = UUID(int=self.dice.randrange(20)), self.dice.randint(1, 10)

        def decide(pair: Pair, _: object) -> Sequence[PairEvent]:
            return [*view_movie(pair), *rate_movie(pair, half_stars)]

        wrote = await self.handler.handle(Command(user_id=self.id, movie_id=movie, decide=decide))
        self.said += len(wrote)
        async with reading.connection() as conn:  # type: ignore[attr-defined]
            rated = await (await conn.execute(READ, (self.id, movie))).fetchone()
            told = await (await conn.execute(HISTORY, (self.id,))).fetchone()
        if rated != (half_stars,) or told != (self.said,):
            self.lost.append((movie, half_stars, rated, self.said, told))


async def test_nobody_notices_a_rebuild(conninfo: str, connection: Conn) -> None:
    names = [members[0].name for members in families(inline=True) + families(inline=False)]
    for name in names:
        damage(connection, name)
    assert set(differences(connection)) == set(projections())
    lane = Lane(session_conninfo(conninfo), wait_s=30)
    await lane.open()
    handler = Handler([lane], fold_inline)
    people = [Person(handler, seed) for seed in range(6)]
    follower = Follower(lambda: connect(conninfo), poll_s=0.01)
    following = threading.Thread(target=follower.run)
    following.start()
    done = asyncio.Event()

    async def live(person: Person, reading: object) -> None:
        while not done.is_set():
            await person.act(reading)

    def rebuild_all() -> None:
        with connect(conninfo) as conn:
            for _ in range(3):
                for name in names:
                    rebuild(conn, name, window=200)
                roll_back(conn, "ratings")  # the damaged one, the first time
                rebuild(conn, "ratings")

    try:
        async with pool(conninfo, size=6, wait_s=30) as reading:
            living = [asyncio.create_task(live(person, reading)) for person in people]
            await asyncio.to_thread(rebuild_all)
            done.set()
            await asyncio.gather(*living)
    finally:
        follower.stop()
        await asyncio.to_thread(following.join, 30)
        await lane.close()
    assert not following.is_alive()
    assert [lost for person in people for lost in person.lost] == []
    assert sum(person.said for person in people) > 100
    catch_up(connection)
    assert differences(connection) == {}
