"""Erasing a person: one transaction after which nothing of theirs can be read, and then what they said is taken out of
the numbers of movies.

The log stays: its events have ids, numbers and enums only, and their id is nobody's any more. The key that sealed their
texts is destroyed, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg import errors
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from accounts.changes import By
from accounts.keys import Keys
from database.ids import uuid7
from events.decided import append_decided, decided, histories
from events.log import Source
from events.pair import Pair
from events.people import UserErased
from events.person_locks import lock_people
from events.record import append_alone
from events.watchlist import RemovalReason
from events.withdrawing import withdraw
from privacy.tables import KEPT, PersonalTable, copied_tables, personal_tables
from projections.registry import fold_inline, projections

Conn = psycopg.Connection[tuple[Any, ...]]
MayGoOn = Callable[[], bool]

CHUNK = 500
"""Movies whose numbers are put right in one transaction."""

_FOUND = """
select id, user_id, asked_by, erased_at, position, rows, withdrawn, finished_at from erasures where user_id = %s"""
_EXISTS = "select exists (select from users where id = %s)"
_LISTS = "select list_id from lists where user_id = %s"
_POSITION = "select position from events where user_id = %s and type = 'user_erased'"
_BEGUN = """
insert into erasures (user_id, id, asked_by, position, rows) values (%(person)s, %(id)s, %(by)s, %(position)s, %(rows)s)"""
_MOVIES = """
select distinct movie_id from events
 where user_id = %(person)s and movie_id > %(after)s order by movie_id limit %(most)s"""
_OPEN = "select id, after_movie from erasures where user_id = %s and finished_at is null"
_WITHDRAWN = """
update erasures set withdrawn = withdrawn + %(events)s, after_movie = %(after)s where user_id = %(person)s"""
_FINISHED = "update erasures set finished_at = now() where user_id = %s"
_UNFINISHED = """
select user_id from erasures where finished_at is null and erased_at < now() - interval '1 minute' order by erased_at"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure did.

    `position` is that of the event in the log, `rows` how many rows each table had of the person, `withdrawn` how many
    events took their word out of the numbers of movies; `finished_at` is None until all of it is out.
    """

    id: UUID
    user_id: UUID
    asked_by: By
    erased_at: datetime
    position: int
    rows: dict[str, int]
    withdrawn: int
    finished_at: datetime | None


def erase(
    conn: Conn, keys: Keys, user_id: UUID, by: By, may_go_on: MayGoOn = lambda: True
) -> Certificate | None:
    """Erase a person, for ever; again, it goes on where it was cut short. None where there is no such person.

    `conn` is in no transaction.
    """
    with conn.transaction():
        # others write rows of theirs under the locks of their lists
        lock_people(conn, user_id, *(list_id for (list_id,) in conn.execute(_LISTS, (user_id,)).fetchall()))
        if conn.execute(_EXISTS, (user_id,)).fetchone() == (True,):
            _drop(conn, keys, user_id, by)
    _withdraw_all(conn, user_id, may_go_on)
    return certificate(conn, user_id)


def finish_erasures(conn: Conn, may_go_on: MayGoOn = lambda: True) -> int:
    """Go on with the erasures that a server was ended in the middle of; return how many."""
    unfinished = conn.execute(_UNFINISHED).fetchall()
    for (user_id,) in unfinished:
        _withdraw_all(conn, user_id, may_go_on)
    return len(unfinished)


def certificate(conn: Conn, user_id: UUID) -> Certificate | None:
    """Return what was done to erase a person; None for who was not erased."""
    with conn.cursor(row_factory=class_row(Certificate)) as cursor:
        return cursor.execute(_FOUND, (user_id,)).fetchone()


def _drop(conn: Conn, keys: Keys, user_id: UUID, by: By) -> None:
    """Let the log say it, and take every row away: those of tables that name the account go with it."""
    append, values = append_alone([UserErased(user_id=user_id)], fold_inline)
    conn.execute(append, values)
    tables = [table for table in personal_tables(conn) if table.name not in KEPT]
    person = {"person": user_id}
    rows: dict[str, int] = {}
    for table in tables:
        count = SQL("select count(*) from {} t where {}").format(table.sql, table.of_person)
        (rows[table.name],) = conn.execute(count, person).fetchone() or (0,)
    for table in tables:
        if table.schema == "read":
            _drop_from(conn, table, user_id)
    conn.execute("select forget_idempotency_keys(%s)", (user_id,))
    conn.execute("delete from users where id = %s", (user_id,))
    keys.destroy(conn, user_id)
    (position,) = conn.execute(_POSITION, (user_id,)).fetchone() or (0,)
    _drop_from_copies(conn, user_id)
    counted = orjson.dumps({name: n for name, n in sorted(rows.items()) if n}).decode()
    conn.execute(_BEGUN, {**person, "id": uuid7(), "by": by, "position": position, "rows": counted})


def _drop_from(conn: Conn, table: PersonalTable, user_id: UUID) -> None:
    person = {"person": user_id}
    conn.execute(SQL("delete from {} t where {}").format(table.sql, table.of_person), person)
    for column in table.mentions:
        forget = SQL("update {} set {column} = null where {column} = %(person)s")
        conn.execute(forget.format(table.sql, column=Identifier(column)), person)


def _drop_from_copies(conn: Conn, user_id: UUID) -> None:
    """Take rows out of what rebuilds keep of before, too. The read tables must be locked: no rebuild swaps them then.

    A copy that goes away meanwhile, or that a rebuild holds, is folded up to the erasure before anybody reads it.
    """
    conn.execute("set local lock_timeout = '1s'")
    for table in copied_tables(conn):
        with suppress(errors.UndefinedTable, errors.LockNotAvailable), conn.transaction():
            _drop_from(conn, table, user_id)


def _withdraw_all(conn: Conn, user_id: UUID, may_go_on: MayGoOn) -> None:
    while may_go_on():
        conn.execute("select events_add_partitions()")
        with conn.transaction():
            lock_people(conn, user_id)
            found = conn.execute(_OPEN, (user_id,)).fetchone()
            if found is None:
                return
            if not _withdraw(conn, user_id, *found):
                conn.execute(_FINISHED, (user_id,))


def _withdraw(conn: Conn, user_id: UUID, erasure_id: UUID, after: UUID | None) -> bool:
    """Take the person's word about the next movies out of their numbers; False when that is done."""
    person = {"person": user_id}
    values = {**person, "after": after or UUID(int=0), "most": CHUNK}
    movie_ids = [row[0] for row in conn.execute(_MOVIES, values)]
    if not movie_ids:
        return False
    now = datetime.now(UTC)
    facts = [
        decision
        for movie_id, history in histories(conn, user_id, movie_ids).items()
        for decision in decided(
            withdraw(Pair(user_id, movie_id).when(e.fact for e in history), RemovalReason.ERASED), now
        )
    ]
    events = append_decided(
        conn, facts, _fold_of_nobody, user_id=user_id, source=Source.SYSTEM, correlation_id=erasure_id
    )
    conn.execute(_WITHDRAWN, {**person, "events": events, "after": movie_ids[-1]})
    return True


def _fold_of_nobody(types: frozenset[str]) -> str:
    """Return no fold: what is folded in an append are rows of people, and this one has none any more."""
    kinds = {
        fact.type for p in projections().values() if p.inline and not p.is_personal for fact in p.handles
    }
    assert not kinds & types
    return ""
