"""Data keys under the first master key: what replaces a master key by another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from accounts.masters import MasterKeys

BATCH = 1000
"""Keys that a statement wraps anew."""

_OLD = """
select user_id, wrapped, master_key_id from user_keys
 where master_key_id <> %(first)s and (%(after)s::uuid is null or user_id > %(after)s)
 order by user_id limit %(batch)s"""
_REWRAP = """
update user_keys k set wrapped = n.wrapped, master_key_id = %(first)s
  from unnest(%(ids)s::uuid[], %(old)s::bytea[], %(wrapped)s::bytea[]) as n (user_id, old, wrapped)
 where k.user_id = n.user_id and k.wrapped = n.old"""
_COUNT = """
select master_key_id, count(*) from user_keys where wrapped is not null group by 1 order by 2 desc, 1"""
_DESTROYED = "select count(*) from user_keys where destroyed_at is not null"


@dataclass(frozen=True, slots=True)
class Standing:
    """How many data keys each master key wraps, and how many were destroyed."""

    wrapped_by: dict[str, int]
    destroyed: int


def standing(conn: Connection[Any]) -> Standing:
    """Count the data keys."""
    (destroyed,) = conn.execute(_DESTROYED).fetchone() or (0,)
    return Standing(dict(conn.execute(_COUNT).fetchall()), destroyed)


def rewrap(
    conn: Connection[Any], masters: MasterKeys, *, on_progress: Callable[[int], None] = lambda _: None
) -> int:
    """Wrap every data key under the first master key, and return how many were under another.

    May be stopped and run again, and beside servers: what a batch did stays done, and a key that was destroyed
    meanwhile stays so. Raises MasterKeyMissing for one that no master key unwraps.
    """
    done, after = 0, None
    while rows := conn.execute(_OLD, {"first": masters.first, "after": after, "batch": BATCH}).fetchall():
        wrapped = [masters.wrap(user_id, masters.unwrap(user_id, w, key)) for user_id, w, key in rows]
        arrays = {"ids": [row[0] for row in rows], "old": [row[1] for row in rows], "wrapped": wrapped}
        done += conn.execute(_REWRAP, {"first": masters.first, **arrays}).rowcount
        after = rows[-1][0]
        on_progress(done)
    return done
