"""Lets two movies be one: the log says so, and then what people said, what visitors opened and what lists have moves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID

import psycopg

from database.ids import uuid7
from events.decided import Decided, append_decided, decided, whole_history
from events.list_items import put_in_place, remove_item
from events.lists import Item, ListState, MemberState
from events.log import Source
from events.merging import MoviesMerged, move
from events.person_locks import lock_people
from events.record import append_alone
from events.visitors import MovieViewedByVisitors
from projections.registry import fold_inline

log = logging.getLogger(__name__)

Conn = psycopg.Connection[tuple[Any, ...]]
MayGoOn = Callable[[], bool]

SETTLED_S = 600.0
"""After which every process has heard of a merge, and every import has gone on with what it was at."""

_RECORD = "insert into movie_merges (movie_id, event_id) values (%s, %s)"
_FORGET = (
    "delete from similar_movies where %(gone)s in (movie_id, similar_id)",
    "delete from user_recommendations where movie_id = %(gone)s",
)
_OPEN = """
select g.movie_id, m.merged_into, g.event_id, g.merged_at < now() - make_interval(secs => %(settled)s)
  from movie_merges g join movies m on m.id = g.movie_id
 where g.moved_at is null or g.merged_at < now() - make_interval(secs => %(settled)s)
 order by g.merged_at"""
_MOVED = "update movie_merges set moved_at = now() where movie_id = %s"
_DONE = "delete from movie_merges where movie_id = %s"
_PEOPLE = "select user_id from viewing_states where movie_id = %s"
_IMPORTED = """
update import_entries e set movie_id = %(kept)s from imports i
 where i.id = e.import_id and i.user_id = %(person)s and e.movie_id = %(gone)s"""
_OPENED = """
select e.event_id, (e.data->>'views')::integer, e.occurred_at from events e
 where e.user_id is null and e.movie_id = %(gone)s and e.type = 'movie_viewed_by_visitors'
   and not exists (select from events k where k.user_id is null and k.movie_id = %(kept)s and k.causation_id = e.event_id)
 order by e.position"""
_LOCK_MERGE = "select from movie_merges where movie_id = %s for update"
_LISTED = """
select i.list_id, l.user_id, u.id from list_items i join lists l on l.list_id = i.list_id
  join users o on o.id = l.user_id
  left join users u on u.id = i.added_by
 where i.movie_id = %s and i.is_active"""
_EXISTS = "select from users where id = %s"
_ITEMS = """
select movie_id, rank, note_id, added_at from list_items
 where list_id = %(list)s and movie_id in (%(gone)s, %(kept)s) and is_active"""


def record_merge(conn: Conn, gone: UUID, kept: UUID) -> None:
    """Say in the log that a movie is another, and have `finish_merges` do the rest; in the open transaction."""
    append, values = append_alone([MoviesMerged(movie_id=gone, into_id=kept)], fold_inline)
    conn.execute(append, values)
    conn.execute(_RECORD, (gone, values["ids"][0]))
    for statement in _FORGET:
        conn.execute(statement, {"gone": gone})


def finish_merges(conn: Conn, may_go_on: MayGoOn = lambda: True, *, settled_s: float = SETTLED_S) -> int:
    """Move what merged movies still have; return how many movies were looked at. Cut short, it goes on the next time.

    Each is looked at twice, at once and when it is settled; what fails of one is tried again the next time, and holds up
    nothing else. `conn` is in no transaction.
    """
    merges = conn.execute(_OPEN, {"settled": settled_s}).fetchall()
    for gone, kept, event_id, is_settled in merges:
        conn.execute("select events_add_partitions()")
        is_whole = True
        for step in _Merge(conn, gone, kept, event_id).steps():
            if not may_go_on():
                return len(merges)
            try:
                with conn.transaction():
                    step()
            except psycopg.OperationalError:
                raise
            except Exception:
                is_whole = False
                log.exception("a part of a merge failed", extra={"movie": str(gone), "into": str(kept)})
        if is_whole:
            conn.execute(_DONE if is_settled else _MOVED, (gone,))
    return len(merges)


@dataclass(frozen=True, slots=True)
class _Merge:
    """A movie that became another, and the event that said so."""

    conn: Conn
    gone: UUID
    kept: UUID
    event_id: UUID

    @property
    def ids(self) -> dict[str, UUID]:
        return {"gone": self.gone, "kept": self.kept}

    def steps(self) -> Iterator[Callable[[], None]]:
        """Yield what is to be done, each in a transaction of its own."""
        for (person,) in self.conn.execute(_PEOPLE, (self.gone,)).fetchall():
            yield partial(self._move_person, person)
        for listed in self.conn.execute(_LISTED, (self.gone,)).fetchall():
            yield partial(self._move_in_list, *listed)
        yield self._move_visits

    def _move_person(self, person: UUID) -> None:
        lock_people(self.conn, person)
        if self.conn.execute(_EXISTS, (person,)).fetchone() is None:
            return
        log = whole_history(self.conn, person, (self.gone, self.kept))
        moved = move(person, self.gone, self.kept, self.event_id, log)
        self._append(decided(moved.ended, datetime.now(UTC)), person)
        for (source, correlation_id), said in groupby(
            moved.said, lambda s: (s[1].source, s[1].correlation_id)
        ):
            facts = [each for new, by in said for each in decided(new, by.occurred_at, by.event_id)]
            self._append(facts, person, source, correlation_id)
        self.conn.execute(_IMPORTED, {**self.ids, "person": person})

    def _move_in_list(self, list_id: UUID, owner: UUID, adder: UUID | None) -> None:
        """Put the movie that stays in the place of the other, as who put that there."""
        actor = adder or owner
        lock_people(self.conn, actor, list_id)  # the lock of a list is made of its id alike
        found = {row[0]: row for row in self.conn.execute(_ITEMS, {**self.ids, "list": list_id})}
        if self.gone not in found:
            return
        movie_id, rank, note_id, added_at = found[self.gone]
        state = ListState(
            actor_id=actor,
            list_id=list_id,
            owner_id=owner,
            role=MemberState.JOINED,
            item=Item(movie_id, rank, note_id),
        )
        self._append(decided(remove_item(state), datetime.now(UTC)), actor)
        if self.kept not in found:
            self._append(decided(put_in_place(state, self.kept), added_at), actor)

    def _move_visits(self) -> None:
        self.conn.execute(_LOCK_MERGE, (self.gone,))
        opened = self.conn.execute(_OPENED, self.ids).fetchall()
        self._append(
            [
                Decided(uuid7(), MovieViewedByVisitors(movie_id=self.kept, views=views), at, event_id)
                for event_id, views, at in opened
            ],
            None,
        )

    def _append(
        self,
        facts: Sequence[Decided],
        person: UUID | None,
        source: Source = Source.SYSTEM,
        correlation_id: UUID | None = None,
    ) -> None:
        append_decided(
            self.conn,
            facts,
            fold_inline,
            user_id=person,
            source=source,
            correlation_id=correlation_id or self.event_id,
        )
