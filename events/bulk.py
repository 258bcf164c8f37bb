"""Imports: ratings that another system recorded, appended a chunk at a time with what their keys say once only.

A chunk is one transaction: COPY into a temporary table, the locks of its people, one statement that decides, appends and
folds. It decides as `rate_movie` does, which the tests hold it to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from database.ids import uuid7
from events.handle import FoldInline
from events.log import Source
from events.pair import Status
from events.person_locks import lock_people
from events.ratings import MovieRated, RatingCleared
from events.watchlist import (
    RemovalReason,
    WatchlistItemAdded,
    WatchlistItemPrioritized,
    WatchlistItemRemoved,
)

Conn = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]

CHUNK = 10_000
"""Ratings in one transaction."""
PEOPLE = 1_000
"""People in one transaction: each is a lock, and PostgreSQL's table of locks holds some 6,000 for everybody."""

_STAGE = """
create temp table if not exists told_ratings (
  n          integer     not null,
  user_id    uuid        not null,
  movie_id   uuid        not null,
  half_stars smallint    not null check (half_stars between 1 and 10),
  scale      text,
  rated_at   timestamptz not null,
  key        text        not null,
  event_id   uuid        not null
) on commit delete rows;
create temp table if not exists told_pairs (
  user_id    uuid        not null,
  movie_id   uuid        not null,
  half_stars smallint,
  priority   text
) on commit delete rows;
"""
_COPY = "copy told_ratings from stdin (format binary)"
_COPY_TYPES = ("int4", "uuid", "uuid", "int2", "text", "timestamptz", "text", "uuid")

_FORGET_ERASED = """
delete from told_ratings t using events e where e.user_id = t.user_id and e.type = 'user_erased'"""
_FORGET_REPEATED = """
with ranked as (select ctid, row_number() over (partition by user_id, key order by n) as time from told_ratings)
delete from told_ratings t using ranked r
 where r.ctid = t.ctid
   and (r.time > 1 or exists (select from idempotency_keys k where k.user_id = t.user_id and k.key = t.key))"""

# What the log says of the pairs now; the newest event of each axis holds.
_RECALL = """
insert into told_pairs
select pair.user_id, pair.movie_id,
       (array_agg((past.data->>'half_stars')::smallint order by past.position desc)
         filter (where past.type = any (%(rating_types)s)))[1],
       (array_agg(case when past.type <> %(removed)s then past.data->>'priority' end order by past.position desc)
         filter (where past.type = any (%(watchlist_types)s)))[1]
  from (select distinct user_id, movie_id from told_ratings) pair
  join events past on past.user_id = pair.user_id and past.movie_id = pair.movie_id
 where past.type = any (%(rating_types)s || %(watchlist_types)s)
 group by pair.user_id, pair.movie_id
returning priority is not null"""

_APPEND = """
with said as (
  select t.*, coalesce(lag(t.half_stars) over pair, p.half_stars) as previous,
         case when row_number() over pair = 1 then p.priority end as priority
    from told_ratings t left join told_pairs p using (user_id, movie_id)
  window pair as (partition by t.user_id, t.movie_id order by t.n)
),
rated as (select * from said where half_stars is distinct from previous),
taken_off as (
  select n, (%(removal_ids)s::uuid[])[row_number() over (order by n)] as removal_id
    from rated where priority is not null
),
kept as (
  insert into idempotency_keys (user_id, key, request, event_ids)
  select said.user_id, said.key, 'import', array_remove(array[rated.event_id, taken_off.removal_id], null)
    from said left join rated using (n) left join taken_off using (n)
),
facts as (
  select n, 1 as step, event_id, %(rated)s as type, %(rated_version)s::smallint as schema_version, user_id, movie_id,
         jsonb_build_object('half_stars', half_stars, 'previous', previous, 'scale', scale) as data,
         rated_at as occurred_at, null::uuid as causation_id
    from rated
  union all
  select n, 2, removal_id, %(removed)s, %(removed_version)s::smallint, user_id, movie_id,
         jsonb_build_object('reason', %(reason)s::text, 'priority', priority, 'status', %(status)s::text), rated_at, event_id
    from rated join taken_off using (n)
),
batch as (
  insert into events (event_id, type, schema_version, user_id, movie_id, data, source, occurred_at, correlation_id,
                      causation_id)
  select event_id, type, schema_version, user_id, movie_id, data, %(source)s, occurred_at, %(correlation_id)s, causation_id
    from facts order by n, step
  returning position, event_id, type, user_id, movie_id, data, source, occurred_at, recorded_at, causation_id
){folds}
select count(*) filter (where type = %(rated)s), count(*) from batch"""
_VALUES = {
    "rated": MovieRated.type,
    "rated_version": MovieRated.version,
    "removed": WatchlistItemRemoved.type,
    "removed_version": WatchlistItemRemoved.version,
    "rating_types": [MovieRated.type, RatingCleared.type],
    "watchlist_types": [WatchlistItemAdded.type, WatchlistItemPrioritized.type, WatchlistItemRemoved.type],
    "reason": RemovalReason.RATED.value,
    "status": Status.SEEN.value,
    "source": Source.IMPORT.value,
}


class SourceRating(NamedTuple):
    """A rating that another system recorded; `key` (at most 200 characters) names its record there, for ever."""

    user_id: UUID
    movie_id: UUID
    half_stars: int
    scale: str | None
    rated_at: datetime
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of the ratings: each is `rated`, `unchanged` (said twice), `repeated` (a known key) or `erased`.

    `events` is what was appended: one for each that is `rated`, and removals from watchlists. All of them carry the
    `correlation_id`.
    """

    correlation_id: UUID
    rated: int = 0
    unchanged: int = 0
    repeated: int = 0
    erased: int = 0
    events: int = 0

    def __add__(self, more: Imported) -> Imported:
        """Count the same import's next chunk in."""
        return replace(
            self,
            rated=self.rated + more.rated,
            unchanged=self.unchanged + more.unchanged,
            repeated=self.repeated + more.repeated,
            erased=self.erased + more.erased,
            events=self.events + more.events,
        )


def append_ratings(
    conn: Conn,
    ratings: Iterable[SourceRating],
    fold_inline: FoldInline,
    on_progress: Callable[[int], None] = lambda _: None,
    *,
    chunk: int = CHUNK,
) -> Imported:
    """Append ratings in their order, fold them inline and remember their keys; the same again appends nothing.

    `conn` is in no transaction. `on_progress` gets the number of ratings done since the last call, after each commit.
    After an error say everything again: what was committed before it is not repeated.
    """
    conn.execute(_STAGE)
    total = Imported(correlation_id=uuid7())
    for part in _chunks(ratings, chunk):
        conn.execute("select events_add_partitions()")
        with conn.transaction(), conn.cursor() as cursor:
            total += _append_chunk(cursor, part, fold_inline, total.correlation_id)
        on_progress(len(part))
    return total


def _chunks(ratings: Iterable[SourceRating], most: int) -> Iterator[list[SourceRating]]:
    """Cut where a chunk is full of ratings or of people."""
    chunk: list[SourceRating] = []
    people: set[UUID] = set()
    for rating in ratings:
        people.add(rating.user_id)
        if len(chunk) == most or len(people) > PEOPLE:
            yield chunk
            chunk, people = [], {rating.user_id}
        chunk.append(rating)
    if chunk:
        yield chunk


def _append_chunk(
    cursor: Cursor, chunk: list[SourceRating], fold_inline: FoldInline, correlation_id: UUID
) -> Imported:
    with cursor.copy(_COPY) as copy:
        copy.set_types(_COPY_TYPES)
        for n, rating in enumerate(chunk):
            copy.write_row((n, *rating, uuid7()))
    lock_people(cursor.connection, *{rating.user_id for rating in chunk})
    erased = cursor.execute(_FORGET_ERASED).rowcount
    repeated = cursor.execute(_FORGET_REPEATED).rowcount
    fresh = len(chunk) - erased - repeated
    rated, events = _append_fresh(cursor, fold_inline, correlation_id) if fresh else (0, 0)
    return Imported(
        correlation_id=correlation_id,
        rated=rated,
        unchanged=fresh - rated,
        repeated=repeated,
        erased=erased,
        events=events,
    )


def _append_fresh(cursor: Cursor, fold_inline: FoldInline, correlation_id: UUID) -> tuple[int, int]:
    """Return how many ratings were appended, and how many events."""
    past = cursor.execute(_RECALL, _VALUES).fetchall()
    removal_ids = [uuid7() for (is_on_watchlist,) in past if is_on_watchlist]
    types = {MovieRated.type, WatchlistItemRemoved.type} if removal_ids else {MovieRated.type}
    append = _APPEND.format(folds=fold_inline(frozenset(types)))
    values = _VALUES | {"removal_ids": removal_ids, "correlation_id": correlation_id}
    rated, events = cursor.execute(append, values).fetchone() or (0, 0)
    return rated, events
