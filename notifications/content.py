"""What a message says: a few movies and why, and what people did whom one follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from events.notifications import NotificationKind
from notifications.news import find_news
from notifications.record import Conn
from notifications.slates import Place, Slate

MOST = 5
"""Movies of each part of a message."""
NEWS = 3
"""Movies that nobody was told of yet, at least, make an alert."""
TOLD_FOR = timedelta(days=60)
"""How long a movie that a person was told of is no news to them."""
WEEK = timedelta(days=7)
MOST_BACK = timedelta(days=14)
"""A digest tells what people did since the digest before, as far back as this; the first one of a week."""


@dataclass(frozen=True, slots=True)
class Item:
    """A movie of a message, with its title at that time; `why` may be empty."""

    movie_id: UUID
    title: str
    year: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says; each part may be empty.

    Of `news` there are the positions only: what of it still holds, and is still shown, is read when the message goes out.
    """

    kind: NotificationKind
    recommended: Sequence[Item] = ()
    trending: Sequence[Item] = ()
    news: Sequence[int] = ()

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
        return cls(NotificationKind(said["kind"]), **parts, news=tuple(said.get("news", ())))


@dataclass(frozen=True, slots=True)
class Draft:
    """A message in the making: what it says, and what the log is told of its recommendations."""

    content: Content
    slate: Slate


# who has seen a movie since, or put it aside, is not told of it
_TELLABLE = """
m.adult is not true and m.merged_into is null
   and not exists (select from viewing_states s
                    where s.user_id = %(user)s and s.movie_id = m.id and s.status in ('SEEN', 'NOT_INTERESTED'))
   and (%(since)s::timestamptz is null
        or not exists (select from outbox o
                        where o.user_id = %(user)s and o.queued_at > %(since)s and m.id = any (o.movie_ids)))"""
_RECOMMENDED = f"""
select m.id, m.title, m.release_year,
       coalesce((select r.text from recommendation_reasons r
                  where (r.user_id, r.algorithm, r.movie_id) = (u.user_id, u.algorithm, u.movie_id)
                  order by r.rank limit 1), ''), u.rank, u.score, u.propensity, u.model_id
  from user_recommendations u join movies m on m.id = u.movie_id
 where u.user_id = %(user)s and u.algorithm = 'BLEND' and {_TELLABLE}
 order by u.rank limit {MOST}"""
_TRENDING = f"""
select m.id, m.title, m.release_year, ''
  from trending t join movies m on m.id = t.movie_id
 where t.win = 'WEEK' and t.score > 0 and {_TELLABLE}
 order by t.score desc, t.movie_id limit {MOST}"""


_BEFORE = """
select max(o.queued_at) from outbox o where o.user_id = %s and o.kind = 'WEEKLY_DIGEST'"""


async def digest(conn: Conn, user_id: UUID, now: datetime) -> Draft | None:
    """Return a person's weekly digest; None where there is nothing to say."""
    recommended, slate = await _recommended(conn, user_id, None)
    (before,) = await (await conn.execute(_BEFORE, (user_id,))).fetchone() or (None,)
    content = Content(
        NotificationKind.WEEKLY_DIGEST,
        recommended,
        await _trending(conn, user_id, None),
        await find_news(conn, user_id, max(before or now - WEEK, now - MOST_BACK)),
    )
    return Draft(content, slate) if content.items or content.news else None


async def alert(conn: Conn, user_id: UUID, kind: NotificationKind, now: datetime) -> Draft | None:
    """Return what is new to a person; None where that is too little."""
    since, slate = now - TOLD_FOR, Slate(None, ())
    if kind is NotificationKind.RECOMMENDATIONS:
        recommended, slate = await _recommended(conn, user_id, since)
        content = Content(kind, recommended=recommended)
    else:
        content = Content(kind, trending=await _trending(conn, user_id, since))
    return Draft(content, slate) if len(content.items) >= NEWS else None


async def _recommended(conn: Conn, user_id: UUID, since: datetime | None) -> tuple[tuple[Item, ...], Slate]:
    rows = await _rows(conn, _RECOMMENDED, user_id, since)
    places = tuple(Place(rank, row[0], score, propensity) for *row, rank, score, propensity, _ in rows)
    return tuple(Item(*row[:4]) for row in rows), Slate(rows[0][-1] if rows else None, places)


async def _trending(conn: Conn, user_id: UUID, since: datetime | None) -> tuple[Item, ...]:
    return tuple(Item(*row) for row in await _rows(conn, _TRENDING, user_id, since))


async def _rows(conn: Conn, sql: str, user_id: UUID, since: datetime | None) -> list[tuple[Any, ...]]:
    values: dict[str, Any] = {"user": user_id, "since": since}
    return await (await conn.execute(sql.encode(), values)).fetchall()
