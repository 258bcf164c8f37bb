"""Appends what is about no pair of person and movie: decided under one lock for all of it, folded in the same statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from database.ids import uuid7
from events.facts import Event
from events.handle import FoldInline
from events.log import COLUMNS, Source, recorded
from events.models import MODEL_EVENTS, Models

Conn = psycopg.Connection[tuple[Any, ...]]

_LOCK = "select pg_advisory_xact_lock(hashtextextended('models', 0))"
_LOAD = f"""
select {COLUMNS} from events
 where user_id is null and movie_id is null and type = any (%(types)s) order by position"""
_APPEND = """
with batch as (
  insert into events (event_id, type, schema_version, user_id, movie_id, data, source, correlation_id)
  select event_id, type, schema_version, user_id, movie_id, data, %(source)s, event_id
    from unnest(%(ids)s::uuid[], %(types)s::text[], %(versions)s::smallint[], %(users)s::uuid[], %(movies)s::uuid[],
                %(data)s::jsonb[]) with ordinality as new (event_id, type, schema_version, user_id, movie_id, data, n)
   where new.user_id is null -- nothing is said of who was erased
      or not exists (select from events e where e.type = 'user_erased' and e.user_id = new.user_id)
   order by n
  returning position, event_id, type, user_id, movie_id, data, source, occurred_at, recorded_at, causation_id
){folds}
select count(*) from batch"""


def decide_models(
    conn: Conn, fold_inline: FoldInline, decide: Callable[[Models], Sequence[Event]]
) -> Sequence[Event]:
    """Decide on what became of all models so far, append and fold what is decided, commit; return it.

    Deciders wait for each other. `conn` is in no transaction. Raises what `decide` raises.
    """
    with conn.transaction():
        conn.execute(_LOCK)
        history = conn.execute(_LOAD, {"types": [kind.type for kind in MODEL_EVENTS]}).fetchall()
        facts = decide(Models().when(recorded(row).fact for row in history))
        if facts:
            append, values = append_alone(facts, fold_inline)
            conn.execute(append, values)
    return facts


def append_alone(
    facts: Sequence[Event], fold_inline: FoldInline, *, source: Source = Source.SYSTEM
) -> tuple[str, dict[str, Any]]:
    """Return the statement that appends facts about no pair, and its values."""
    ids: list[UUID] = [uuid7() for _ in facts]
    values = {
        "ids": ids,
        "types": [fact.type for fact in facts],
        "versions": [fact.version for fact in facts],
        "users": [fact.user_id for fact in facts],
        "movies": [fact.movie_id for fact in facts],
        "data": [Jsonb(fact.data()) for fact in facts],
        "source": source.value,
    }
    return _APPEND.format(folds=fold_inline(frozenset(fact.type for fact in facts))), values
