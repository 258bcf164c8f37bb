"""The part of a worker that makes and sends messages, at times that tests choose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.keys import Keys
from database.connect import Pool, connect, pool
from notifications.links import Links
from notifications.making import make_due
from notifications.push import PushSender
from notifications.rounds import plan
from notifications.sending import Senders, send_due
from tests.accounts.masters import new_keys
from tests.catalogue import FILMS, fill, movie, person
from tests.notifications.post import Post

KEYS = {"1": "a secret that is long enough for tests"}
MODEL = UUID(int=77)
"""The model that recommended everything."""
SUNDAY = datetime(2024, 3, 10, 12, tzinfo=UTC)
MONDAY = datetime(2024, 3, 11, 9, 0, 1, tzinfo=UTC)
"""A second after who chose nothing gets a digest."""
LINKS = Links(KEYS, "https://api.movies.example", "https://movies.example/movies/{id}")


@dataclass
class Office:
    """One worker's."""

    pool: Pool
    conninfo: str
    senders: Senders
    keys: Keys = field(default_factory=new_keys)

    async def plan(self, now: datetime = SUNDAY) -> int:
        """Work out everybody's next round."""
        return await plan(self.pool, now)

    async def make(self, now: datetime = MONDAY) -> int:
        """Make what is due, and return for how many people it was looked."""
        looked = 0
        while await make_due(self.pool, self.keys, self.senders.channels, now):
            looked += 1
        return looked

    async def send(self, now: datetime = MONDAY) -> int:
        """Try what is due, and return how many attempts that took."""
        tried = 0
        while await send_due(self.pool, self.keys, self.senders, now):
            tried += 1
        return tried

    async def day(self, now: datetime) -> None:
        """Do what a worker does at this moment."""
        await self.plan(now)
        await self.make(now)
        await self.send(now)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read, or write, plainly."""
        with connect(self.conninfo) as conn:
            done = conn.execute(sql.encode(), values)
            return done.fetchall() if done.description else []

    def prefer(self, name: str, **chosen: Any) -> None:
        """Choose for one of the people; all others keep silent from now on."""
        columns = ", ".join(chosen)
        given = ", ".join("%s" for _ in chosen)
        self.rows(
            f"insert into notification_preferences (user_id, {columns}) values (%s, {given})",
            person(name),
            *chosen.values(),
        )

    def only(self, *names: str) -> None:
        """Deactivate everybody else."""
        self.rows(
            "update users set deactivated_at = now(), deactivated_by = 'operator' where id <> all (%s)",
            [person(name) for name in names],
        )

    def recommend(self, name: str, *keys: str) -> None:
        """Store recommendations for one of the people, in place of those before."""
        self.rows("delete from user_recommendations where user_id = %s", person(name))
        for rank, key in enumerate(keys, 1):
            self.rows(
                "insert into user_recommendations"
                " (user_id, algorithm, rank, movie_id, score, slate_id, model_id, propensity)"
                " values (%s, 'BLEND', %s, %s, 0.5, %s, %s, %s)",
                person(name),
                rank,
                movie(key),
                movie("slate"),
                MODEL,
                1 / rank,
            )
            self.rows(
                "insert into recommendation_reasons (user_id, algorithm, movie_id, rank, text)"
                " values (%s, 'BLEND', %s, 1, 'Because you like <Horror>')",
                person(name),
                movie(key),
            )

    def states(self, name: str) -> list[tuple[str, str]]:
        """Return kind and status of each message to one of the people, in the order they were made."""
        return [
            (kind, status)
            for kind, status in self.rows(
                "select kind, status from notifications where user_id = %s order by queued_position",
                person(name),
            )
        ]


@asynccontextmanager
async def office(
    conninfo: str, post: Post | None = None, push: PushSender | None = None, *, filled: bool = True
) -> AsyncIterator[Office]:
    """Open one over the catalogue."""
    if filled:
        with connect(conninfo) as conn:
            fill(conn)
            conn.execute("delete from viewing_states")  # what they saw is nothing that these tests are about
    async with pool(conninfo, size=6, wait_s=20.0) as connections:
        yield Office(connections, conninfo, Senders(LINKS, post.server if post else None, push))


SOME = tuple(film.key for film in FILMS[:4])
"""Movies to recommend."""
HOUR = timedelta(hours=1)
