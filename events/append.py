"""The statements of an append: lock the people, load the pairs, write the facts and fold them, all as one window."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import orjson

from database.acting import acting_for
from database.pipeline import Call, Statement, Value
from events.facts import Event, kinds
from events.log import COLUMNS, Recorded, recorded
from events.pair import PairEvent
from events.texts import Text

_BEGIN = Statement("begin")
_COMMIT = Statement("commit")
_LOCK = Statement("select pg_advisory_xact_lock(k) from unnest($1::bigint[]) as k")
_LOAD = Statement(f"""
(select found.* from unnest($1::uuid[], $2::uuid[]) as pair (user_id, movie_id)
  cross join lateral (select {COLUMNS} from events e
                       where e.user_id = pair.user_id and e.movie_id = pair.movie_id and e.type = any ($3::text[])
                       order by position) as found)
 union all
(select {COLUMNS} from events e where e.type = 'user_erased' and e.user_id = any ($4::uuid[]))""")
_KEYS = Statement("""
select k.user_id, k.key, k.request, array_to_string(k.event_ids, ',')
  from unnest($1::uuid[], $2::text[]) as wanted (user_id, key)
  join idempotency_keys k on k.user_id = wanted.user_id and k.key = wanted.key""")
_KEPT = Statement(f"""
select e.* from unnest($1::uuid[], $2::uuid[], $3::text[]) as wanted (user_id, movie_id, key)
  join idempotency_keys k on k.user_id = wanted.user_id and k.key = wanted.key
 cross join lateral (select {COLUMNS} from events e
                      where e.user_id = wanted.user_id and e.movie_id = wanted.movie_id
                        and e.event_id = any (k.event_ids)) as e""")
_KEEP_KEYS = Statement("""
insert into idempotency_keys (user_id, key, request, event_ids)
select user_id, key, request, event_ids::uuid[]
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as new (user_id, key, request, event_ids)""")
_KEEP_TEXTS = Statement("""
insert into texts (id, user_id, kind, body)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])""")
_APPEND = """
with batch as (
  insert into events (event_id, type, schema_version, user_id, movie_id, data, source, correlation_id, causation_id)
  select event_id, type, schema_version, user_id, movie_id, data, source, correlation_id, causation_id
    from unnest($1::uuid[], $2::text[], $3::smallint[], $4::uuid[], $5::uuid[], $6::jsonb[], $7::text[], $8::uuid[],
                $9::uuid[]) with ordinality
         as new (event_id, type, schema_version, user_id, movie_id, data, source, correlation_id, causation_id, n)
   order by n
  returning position, event_id, type, user_id, movie_id, data, source, occurred_at, recorded_at, causation_id
){folds}
select position, occurred_at, recorded_at from batch order by position"""


@dataclass(slots=True)
class Written:
    """A fact on its way into the log."""

    event_id: UUID
    fact: Event
    source: str
    correlation_id: UUID
    causation_id: UUID | None


@dataclass(slots=True)
class Key:
    """An idempotency key, what it was used for and what that recorded."""

    user_id: UUID
    key: str
    request: str
    event_ids: tuple[UUID, ...]


def person_lock(user_id: UUID) -> int:
    """Return the advisory lock of a person: the random half of their id, as a signed 64-bit number."""
    return subject_lock(user_id.int)


def subject_lock(subject: int) -> int:
    """Return the advisory lock of a person or list, given their id as a number."""
    return int.from_bytes(subject.to_bytes(16)[8:], signed=True)


def load_calls(
    people: Collection[UUID],
    subjects: Iterable[int],
    pairs: Collection[tuple[UUID, UUID]],
    keys: Iterable[tuple[UUID, UUID | None, str]],
) -> list[Call]:
    """Begin for these people, lock people and lists in one order everywhere, then read: what locks waited for is seen.

    What is read is what decides of each pair, and which of the people are erased.

    For the keys (person, movie, key) also what they were used for, and the events of that where it was about a movie.
    """
    locks = sorted({subject_lock(subject) for subject in subjects})
    asked = list(keys)
    erased = _array(user.hex for user in people)
    users, texts = _array(user.hex for user, _, _ in asked), _array(_quoted(key) for _, _, key in asked)
    movies = _array(movie.hex if movie else "NULL" for _, movie, _ in asked)
    return [
        (_BEGIN, ()),
        acting_for(str(person).encode() for person in people),
        (_LOCK, (_array(str(lock) for lock in locks),)),
        (
            _LOAD,
            (_array(u.hex for u, _ in pairs), _array(m.hex for _, m in pairs), _array(_deciding()), erased),
        ),
        *([(_KEYS, (users, texts)), (_KEPT, (users, movies, texts))] if asked else []),
    ]


def append_calls(
    folds: str, events: Sequence[Written], keys: Sequence[Key], texts: Sequence[Text]
) -> list[Call]:
    """Write the facts and fold them with one statement, keep the keys and the texts, commit.

    Where there are facts, the first answer has the position and the times of each, in their order.
    """
    calls: list[Call] = []
    if events:
        calls.append((_append_statement(folds), _event_arrays(events)))
    if keys:
        ids = (_quoted("{" + ",".join(i.hex for i in key.event_ids) + "}") for key in keys)
        columns = (
            _array(key.user_id.hex for key in keys),
            _array(_quoted(key.key) for key in keys),
            _array(_quoted(key.request) for key in keys),
            _array(ids),
        )
        calls.append((_KEEP_KEYS, columns))
    if texts:
        columns = (
            _array(text.id.hex for text in texts),
            _array(text.user_id.hex for text in texts),
            _array(text.kind.value for text in texts),
            _array(_quoted(text.body) for text in texts),
        )
        calls.append((_KEEP_TEXTS, columns))
    return [*calls, (_COMMIT, ())]


def loaded_event(row: Sequence[Value]) -> Recorded:
    """Return one row of the load, whose values are PostgreSQL's text, as an event. Raises UnknownEvent."""
    text = [value.decode() if value is not None else None for value in row]
    (
        position,
        event_id,
        name,
        version,
        user_id,
        movie_id,
        data,
        source,
        occurred,
        written,
        correlation,
        cause,
    ) = text
    return recorded(
        (
            int(position or 0),
            UUID(event_id),
            name,
            int(version or 0),
            UUID(user_id) if user_id else None,
            UUID(movie_id) if movie_id else None,
            orjson.loads(data or "{}"),
            source,
            datetime.fromisoformat(occurred or ""),
            datetime.fromisoformat(written or ""),
            UUID(correlation),
            uuid.UUID(cause) if cause else None,
        )
    )


def loaded_key(row: Sequence[Value]) -> Key:
    """Return one row of the look-up of idempotency keys."""
    user_id, key, request, ids = ((value or b"").decode() for value in row)
    return Key(UUID(user_id), key, request, tuple(UUID(i) for i in ids.split(",") if i))


@lru_cache(maxsize=128)
def _append_statement(folds: str) -> Statement:
    return Statement(_APPEND.format(folds=folds))


@lru_cache(maxsize=1)
def _deciding() -> tuple[str, ...]:
    return tuple(name for name, cls in kinds().items() if issubclass(cls, PairEvent) and cls.decides)


def _event_arrays(events: Sequence[Written]) -> tuple[bytes, ...]:
    return (
        _array(e.event_id.hex for e in events),
        _array(e.fact.type for e in events),
        _array(str(e.fact.version) for e in events),
        _array(e.fact.user_id.hex if e.fact.user_id else "NULL" for e in events),
        _array(e.fact.movie_id.hex if e.fact.movie_id else "NULL" for e in events),
        _array(_quoted(orjson.dumps(e.fact.data()).decode()) for e in events),
        _array(e.source for e in events),
        _array(e.correlation_id.hex for e in events),
        _array(e.causation_id.hex if e.causation_id else "NULL" for e in events),
    )


def _array(items: Iterable[str]) -> bytes:
    return ("{" + ",".join(items) + "}").encode()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
