"""Tamper evidence: a chain of digests over the settled log, made off the append path and recomputed by `verify`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from events.safe_position import safe_position

Conn = psycopg.Connection[tuple[Any, ...]]

BATCH = 1_000
"""Events under one seal."""

# Everything an event says, in a text that does not depend on session settings; xid is left out, for it means nothing
# in another cluster.
_DIGEST = """sha256(convert_to(jsonb_build_array(position, event_id, type, schema_version, user_id, movie_id, data, source,
  (extract(epoch from occurred_at) * 1000000)::bigint, (extract(epoch from recorded_at) * 1000000)::bigint,
  correlation_id, causation_id, encode(secret, 'hex'))::text, 'UTF8'))"""

# the end of the last seal is a subquery, not a join: the index is then entered there, and not at the log's beginning
_SEAL = f"""
with last as (select coalesce(max(number), 0) as number, coalesce(max(high), 0) as high from seals),
head as (select coalesce((select root from seals order by number desc limit 1), ''::bytea) as root),
taken as (select e.position, {_DIGEST} as digest from events e
           where e.position > (select high from last) and e.position <= %(safe)s order by e.position limit %(batch)s),
sealed as (select max(position) as high, count(*) as events,
                  string_agg(substr(digest, 1, 8), ''::bytea order by position) as digests,
                  sha256(string_agg(digest, ''::bytea order by position)) as root from taken)
insert into seals (number, low, high, events, digests, root, previous)
select last.number + 1, last.high, sealed.high, sealed.events, sealed.digests, sha256(head.root || sealed.root), head.root
  from sealed, last, head where sealed.events > 0
returning events"""

_CHECK = f"""
select s.number, s.low, s.high, s.events, s.root, s.previous, now.events, sha256(s.previous || now.root),
       differ.kept, differ.now, differ.positions
  from seals s
 cross join lateral (select count(*) as events, string_agg(substr(digest, 1, 8), ''::bytea order by position) as digests,
                            sha256(string_agg(digest, ''::bytea order by position)) as root,
                            array_agg(position order by position) as positions
                       from (select position, {_DIGEST} as digest from events e
                              where e.position > s.low and e.position <= s.high
                              order by e.position) e) now
  left join lateral (select s.digests as kept, coalesce(now.digests, '') as now,
                            coalesce(now.positions, '{{}}') as positions)
    differ on s.digests is distinct from now.digests
 where s.number > %(after)s order by s.number limit 100"""


@dataclass(frozen=True, slots=True)
class Checked:
    """How far a verification came; `broken` says which event or seal differs first, None when none does."""

    seals: int
    events: int
    broken: str | None


def seal(conn: Conn, *, batch: int = BATCH) -> int:
    """Seal what is settled and not sealed yet; return how many events. Any number of sealers may run at once."""
    sealed = 0
    with conn.transaction():
        got = conn.execute("select pg_try_advisory_xact_lock(hashtextextended('seal', 0))").fetchone()
        if not got or not got[0]:
            return 0
        unsealed = conn.execute(
            "select exists (select from events where position > (select coalesce(max(high), 0) from seals))"
        ).fetchone()
    if not unsealed or not unsealed[0]:
        return 0
    safe = safe_position(conn)
    while True:
        with conn.transaction():
            conn.execute("select pg_advisory_xact_lock(hashtextextended('seal', 0))")
            row = conn.execute(_SEAL, {"safe": safe, "batch": batch}).fetchone()
        if row is None:
            return sealed
        sealed += row[0]


def newest(conn: Conn) -> tuple[int, int, str] | None:
    """Return the number, last position and root (hex) of the newest seal, to be kept off the machine."""
    row = conn.execute(
        "select number, high, encode(root, 'hex') from seals order by number desc limit 1"
    ).fetchone()
    return (row[0], row[1], row[2]) if row else None


def verify(conn: Conn) -> Iterator[Checked]:
    """Recompute every seal, yielding how far it came; the last one says whether anything differs."""
    seals, events, number, end, previous = 0, 0, 0, 0, b""
    while rows := conn.execute(_CHECK, {"after": number}).fetchall():
        for row in rows:
            broken = _broken(row, number, end, previous)
            if broken:
                yield Checked(seals, events, broken)
                return
            number, end, previous = row[0], row[2], row[4]
            seals, events = seals + 1, events + row[3]
        yield Checked(seals, events, None)
    if not seals:
        yield Checked(0, 0, None)


def _broken(row: tuple[Any, ...], number: int, end: int, previous: bytes) -> str | None:
    this, low, high, count, root, before, found, found_root, kept_digests, now_digests, positions = row
    if this != number + 1 or low != end or before != previous:
        return f"seal {number + 1} is missing or does not continue the one before it"
    if kept_digests is None:
        is_whole = found == count and found_root == root
        return None if is_whole else f"seal {this} itself was changed"
    kept, now = _split(kept_digests), _split(now_digests)
    for index, digest in enumerate(kept):
        if index >= len(now) or now[index] != digest:
            return _name(index, kept, now, positions, low)
    return f"event at position {positions[len(kept)]} was added after the range up to {high} was sealed"


def _split(digests: bytes) -> list[bytes]:
    return [digests[i : i + 8] for i in range(0, len(digests), 8)]


def _name(index: int, kept: list[bytes], now: list[bytes], positions: list[int], low: int) -> str:
    """Say whether the event at this place was changed, removed, or put in."""
    after = positions[index - 1] if index else low
    if index >= len(now) or now[index] in kept[index + 1 :]:
        return f"an event after position {after} is missing"
    if kept[index] in now[index + 1 :]:
        return f"event at position {positions[index]} was added after its range was sealed"
    return f"event at position {positions[index]} is not what was recorded"
