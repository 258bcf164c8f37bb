"""Confirming and undoing an import: a chunk is one transaction, and what was cut short goes on when it is asked again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from database.acting import act_for
from database.ids import uuid7
from events.decided import Decided, append_decided, decided, histories
from events.handle import FoldInline
from events.log import Source
from events.pair import Pair
from events.person_locks import lock_people
from imports.deciding import Outcome, decide
from imports.entries import forget, make_movies, next_entries, recorded_movies, tell
from imports.errors import ImportUndone, NotImported, UnknownImport
from imports.previewing import known_keys, last_day
from imports.taking_back import take_back

Conn = psycopg.Connection[tuple[Any, ...]]
MayGoOn = Callable[[], bool]
"""Asked before each chunk."""

CHUNK = 1_000
"""Entries, or movies, in one transaction: the person's other commands wait for it."""


class Status(StrEnum):
    """How far an import is."""

    PREVIEW = "PREVIEW"
    IMPORTING = "IMPORTING"
    IMPORTED = "IMPORTED"
    UNDOING = "UNDOING"
    UNDONE = "UNDONE"


# An erased person has nothing; an import that is there is theirs who asks.
_HELD = """
select status, replaces, done from imports i
 where id = %(id)s and user_id = %(user_id)s and (status <> 'PREVIEW' or expires_at > now())
   and not exists (select from events e where e.user_id = i.user_id and e.type = 'user_erased')
   for update"""
_BEGIN = """
update imports set status = 'IMPORTING', replaces = %(replaces)s, confirmed_at = now() where id = %(id)s"""
_ADVANCE = "update imports set done = %(done)s where id = %(id)s"
_END = "update imports set status = 'IMPORTED' where id = %(id)s"
_BEGIN_UNDO = "update imports set status = 'UNDOING' where id = %(id)s"
_END_UNDO = "update imports set status = 'UNDONE', undone_at = now() where id = %(id)s"


@dataclass(frozen=True, slots=True)
class _Held:
    status: str
    replaces: bool
    done: int


@dataclass(frozen=True, slots=True)
class Whose:
    """An import and its person; `events` are folded inline by `fold_inline`."""

    user_id: UUID
    import_id: UUID
    fold_inline: FoldInline

    @property
    def key(self) -> dict[str, Any]:
        """The values that find it."""
        return {"id": self.import_id, "user_id": self.user_id}


def confirm(conn: Conn, whose: Whose, *, replaces: bool, may_go_on: MayGoOn = lambda: True) -> int:
    """Record what the preview showed, decided anew; with `replaces` also where another word holds. Return the events.

    Confirmed again it goes on from where it was cut short, or does nothing. `conn` is in no transaction.
    Raises UnknownImport, ImportUndone.
    """
    with conn.transaction():
        held = _held(conn, whose)
        if held.status in (Status.UNDOING, Status.UNDONE):
            raise ImportUndone
        if held.status == Status.PREVIEW:
            conn.execute(_BEGIN, {**whose.key, "replaces": replaces})
    make_movies(conn, whose.user_id, whose.import_id)
    return _in_chunks(conn, may_go_on, lambda: _record(conn, whose))


def undo(conn: Conn, whose: Whose, *, may_go_on: MayGoOn = lambda: True) -> int:
    """Take back what an import recorded, where nothing newer was said; return the events. Again, it goes on or does nothing.

    `conn` is in no transaction. Raises UnknownImport, NotImported.
    """
    with conn.transaction():
        held = _held(conn, whose)
        if held.status == Status.PREVIEW:
            raise NotImported
        if held.status == Status.UNDONE:
            return 0
        conn.execute(_BEGIN_UNDO, whose.key)
    undo_id = uuid7()
    return _in_chunks(conn, may_go_on, lambda: _take_back(conn, whose, undo_id))


def _in_chunks(conn: Conn, may_go_on: MayGoOn, chunk: Callable[[], int | None]) -> int:
    """Do one chunk after the other until there is none."""
    events = 0
    while may_go_on():
        conn.execute("select events_add_partitions()")
        with conn.transaction():
            appended = chunk()
        if appended is None:
            break
        events += appended
    return events


def _held(conn: Conn, whose: Whose) -> _Held:
    """Act for the person until the transaction ends; lock them, then the import. Raises UnknownImport."""
    act_for(conn, whose.user_id)
    lock_people(conn, whose.user_id)
    with conn.cursor(row_factory=class_row(_Held)) as cursor:
        held = cursor.execute(_HELD, whose.key).fetchone()
    if held is None:
        raise UnknownImport
    return held


def _record(conn: Conn, whose: Whose) -> int | None:
    """Decide and append the next entries; None when there are none, or the import is undone in the meantime."""
    held = _held(conn, whose)
    if held.status != Status.IMPORTING:
        return None
    entries = next_entries(conn, whose.import_id, held.done, CHUNK)
    if not entries:
        conn.execute(_END, whose.key)
        return None
    history = histories(conn, whose.user_id, {movie_id for _, movie_id, _ in entries if movie_id})
    pairs = {
        movie_id: Pair(whose.user_id, movie_id).when(event.fact for event in past)
        for movie_id, past in history.items()
    }
    known = known_keys(conn, whose.user_id, [told.key for *_, told in entries])
    latest, facts = last_day(), list[Decided]()
    became: list[tuple[int, Outcome, bool]] = []
    for number, movie_id, told in entries:
        if movie_id is None:
            continue
        if told.key in known:
            became.append((number, Outcome.HERE, False))
            continue
        pair = pairs.get(movie_id) or Pair(whose.user_id, movie_id)
        decision = decide(pair, told, latest, uuid7())
        is_taken = decision.outcome is Outcome.NEW or (decision.outcome is Outcome.CONFLICT and held.replaces)
        if is_taken:
            pairs[movie_id] = pair.when(decision.facts)
            facts += decided(decision.facts, told.at)
        became.append((number, decision.outcome, is_taken or decision.outcome is Outcome.HERE))
    tell(conn, whose.import_id, became)
    conn.execute(_ADVANCE, {**whose.key, "done": entries[-1][0]})
    return _append(conn, whose, facts, Source.IMPORT, whose.import_id)


def _take_back(conn: Conn, whose: Whose, undo_id: UUID) -> int | None:
    """Take back what was recorded of the next movies; None when there are none."""
    if _held(conn, whose).status != Status.UNDOING:
        return None
    movie_ids = recorded_movies(conn, whose.import_id, CHUNK)
    if not movie_ids:
        conn.execute(_END_UNDO, whose.key)
        return None
    now = datetime.now(UTC)
    facts = [
        fact
        for movie_id, past in histories(conn, whose.user_id, movie_ids).items()
        for fact in take_back(Pair(whose.user_id, movie_id), past, whose.import_id, now)
    ]
    forget(conn, whose.import_id, movie_ids)
    return _append(conn, whose, facts, Source.WEB, undo_id)


def _append(conn: Conn, whose: Whose, facts: list[Decided], source: Source, correlation_id: UUID) -> int:
    return append_decided(
        conn,
        facts,
        whose.fold_inline,
        user_id=whose.user_id,
        source=source,
        correlation_id=correlation_id,
    )
