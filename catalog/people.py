"""Writes people into the catalogue, whom credits then name by their ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

import psycopg

_CHUNK = 20_000
_WRITE = """
insert into people as have (id, imdb_id, name)
select gen_random_uuid(), imdb_id, name
  from unnest(%s::text[], %s::text[]) as told (imdb_id, name) order by imdb_id
on conflict (imdb_id) do update set name = excluded.name where have.name <> excluded.name
"""


def load_people(
    conn: psycopg.Connection,
    people: Iterable[tuple[int, str, str]],
    on_line: Callable[[int], None],
) -> int:
    """Create and rename people, given as line, IMDb id and name, one transaction a chunk; return how many that changed.

    `on_line` gets the last line of each chunk, within its transaction.
    """
    changed, rows = 0, iter(people)
    while chunk := list(islice(rows, _CHUNK)):
        lines, ids, names = zip(*chunk, strict=True)
        with conn.transaction():
            changed += conn.execute(_WRITE, (list(ids), list(names))).rowcount
            on_line(lines[-1])
    return changed
