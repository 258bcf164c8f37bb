"""What a message says: a few movies, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from events.notifications import NotificationKind
from notifications.record import Conn

"""What contents are sealed for."""
MOST = 5
"""Movies of each part of a message."""
NEWS = 3
"""Movies that nobody was told of yet, at least, make an alert."""
TOLD_FOR = timedelta(days=60)
"""How long a movie that a person was told of is no news to them."""


@dataclass(frozen=True, slots=True)
class Item:
    """A movie of a message, with its title at that time; `why` may be empty."""

    movie_id: UUID
    title: str
    year: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says; either part may be empty."""

    kind: NotificationKind
    recommended: Sequence[Item] = ()
    trending: Sequence[Item] = ()

    @property
    def items(self) -> Sequence[Item]:
        """Every movie, in order; one may be there twice."""
        return [*self.recommended, *self.trending]

    def text(self) -> str:
        """Return it as JSON."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def parse(cls, text: str) -> Content:
        """Return what `text` made."""
        said = orjson.loads(text)
        parts = {
            part: tuple(Item(**{**item, "movie_id": UUID(item["movie_id"])}) for item in said[part])
            for part in ("recommended", "trending")
        }
        return cls(NotificationKind(said["kind"]), **parts)


# who has seen a movie since, or put it aside, is not told of it
_TELLABLE = """
m.adult is not true
   and not exists (select from viewing_states s
                    where s.user_id = %(user)s and s.movie_id = m.id and s.status in ('SEEN', 'NOT_INTERESTED'))
   and (%(since)s::timestamptz is null
        or not exists (select from outbox o
                        where o.user_id = %(user)s and o.queued_at > %(since)s and m.id = any (o.movie_ids)))"""
_RECOMMENDED = f"""
select m.id, m.title, m.release_year,
       coalesce((select r.text from recommendation_reasons r
                  where (r.user_id, r.algorithm, r.movie_id) = (u.user_id, u.algorithm, u.movie_id)
                  order by r.rank limit 1), '')
  from user_recommendations u join movies m on m.id = u.movie_id
 where u.user_id = %(user)s and u.algorithm = 'BLEND' and {_TELLABLE}
 order by u.rank limit {MOST}"""
_TRENDING = f"""
select m.id, m.title, m.release_year, ''
  from trending t join movies m on m.id = t.movie_id
 where t.win = 'WEEK' and t.score > 0 and {_TELLABLE}
 order by t.score desc, t.movie_id limit {MOST}"""


async def digest(conn: Conn, user_id: UUID) -> Content | None:
    """Return a person's weekly digest; None where there is nothing to say."""
    content = Content(
        NotificationKind.WEEKLY_DIGEST,
        await _items(conn, _RECOMMENDED, user_id, None),
        await _items(conn, _TRENDING, user_id, None),
    )
    return content if content.items else None


async def alert(conn: Conn, user_id: UUID, kind: NotificationKind, now: datetime) -> Content | None:
    """Return what is new to a person; None where that is too little."""
    since = now - TOLD_FOR
    if kind is NotificationKind.RECOMMENDATIONS:
        content = Content(kind, recommended=await _items(conn, _RECOMMENDED, user_id, since))
    else:
        content = Content(kind, trending=await _items(conn, _TRENDING, user_id, since))
    return content if len(content.items) >= NEWS else None


async def _items(conn: Conn, sql: str, user_id: UUID, since: datetime | None) -> tuple[Item, ...]:
    values: dict[str, Any] = {"user": user_id, "since": since}
    return tuple(Item(*row) for row in await (await conn.execute(sql.encode(), values)).fetchall())
