"""Appends what was decided outside of the handler for one person: many facts with times of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg

from database.ids import uuid7
from events.facts import Event, kinds
from events.handle import FoldInline
from events.log import COLUMNS, Recorded, Source, recorded
from events.pair import PairEvent

Conn = psycopg.Connection[tuple[Any, ...]]

_LOAD = f"""
select {COLUMNS} from events
 where user_id = %(user_id)s and movie_id = any (%(movie_ids)s) and type = any (%(types)s) order by position"""
_APPEND = """
with batch as (
  insert into events (event_id, type, schema_version, user_id, movie_id, data, source, occurred_at, correlation_id,
                      causation_id)
  select event_id, type, schema_version, %(user_id)s::uuid, movie_id, data, %(source)s, least(at, now()), %(correlation_id)s,
         causation_id
    from unnest(%(ids)s::uuid[], %(types)s::text[], %(versions)s::smallint[], %(movie_ids)s::uuid[], %(data)s::jsonb[],
                %(times)s::timestamptz[], %(causes)s::uuid[]) with ordinality
         as new (event_id, type, schema_version, movie_id, data, at, causation_id, n)
   order by n
  returning position, event_id, type, user_id, movie_id, data, source, occurred_at, recorded_at, causation_id
){folds}
select count(*) from batch"""


@dataclass(slots=True)
class Decided:
    """A fact on its way into the log, when it happened, and the event that brought it about."""

    event_id: UUID
    fact: Event
    occurred_at: datetime
    causation_id: UUID | None


def decided(facts: Sequence[Event], occurred_at: datetime, causation_id: UUID | None = None) -> list[Decided]:
    """Return the facts of one command: the first brings the others about."""
    found: list[Decided] = []
    for fact in facts:
        cause = found[0].event_id if found else causation_id
        found.append(Decided(uuid7(), fact, occurred_at, cause))
    return found


def histories(conn: Conn, user_id: UUID, movie_ids: Collection[UUID]) -> Mapping[UUID, list[Recorded]]:
    """Return what decides of each movie's pair with the person, oldest first. Raises UnknownEvent."""
    found: defaultdict[UUID, list[Recorded]] = defaultdict(list)
    for event in _loaded(conn, user_id, movie_ids, lambda kind: kind.decides):
        assert event.fact.movie_id is not None
        found[event.fact.movie_id].append(event)
    return found


def whole_history(conn: Conn, user_id: UUID, movie_ids: Collection[UUID]) -> list[Recorded]:
    """Return all that the person did with these movies, oldest first. Raises UnknownEvent."""
    return list(_loaded(conn, user_id, movie_ids, lambda _: True))


def _loaded(
    conn: Conn, user_id: UUID, movie_ids: Collection[UUID], counts: Callable[[type[PairEvent]], bool]
) -> Iterable[Recorded]:
    types = [name for name, kind in kinds().items() if issubclass(kind, PairEvent) and counts(kind)]
    values = {"user_id": user_id, "movie_ids": list(movie_ids), "types": types}
    return map(recorded, conn.execute(_LOAD, values).fetchall())


def append_decided(
    conn: Conn,
    facts: Sequence[Decided],
    fold_inline: FoldInline,
    *,
    user_id: UUID | None,
    source: Source,
    correlation_id: UUID,
) -> int:
    """Append and fold facts about one person, or nobody, in their order, in the open transaction; return how many.

    What is said to happen later than now happens now.
    """
    if not facts:
        return 0
    folds = fold_inline(frozenset(each.fact.type for each in facts))
    conn.execute(
        _APPEND.format(folds=folds),
        {
            "user_id": user_id,
            "source": source.value,
            "correlation_id": correlation_id,
            "ids": [each.event_id for each in facts],
            "types": [each.fact.type for each in facts],
            "versions": [each.fact.version for each in facts],
            "movie_ids": [each.fact.movie_id for each in facts],
            "data": [orjson.dumps(each.fact.data()).decode() for each in facts],
            "times": [each.occurred_at for each in facts],
            "causes": [each.causation_id for each in facts],
        },
    )
    return len(facts)
