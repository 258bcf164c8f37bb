"""Imports from outside services, movie by movie. What is fresh is not asked again, so one that was cut short goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from app.fetching import BATCH, Fetching, Outcome
from app.importing import OnBad, Progress
from app.remotes import Remotes
from catalog import copies
from catalog.rows import BadRow, printable
from catalog.soundness import LARGEST
from catalog.stubs import IMDB_ID, minting_imdb, minting_tmdb
from database.connect import connect

Conn = psycopg.Connection[Any]

_T = TypeVar("_T")

_TMDB_ID = re.compile(r"[0-9]{1,10}\Z", re.ASCII)


def read_ids(path: Path, on_bad: OnBad) -> tuple[list[int], list[str]]:
    """Return the TMDb ids and the IMDb ids of a file, one a line; other lines are passed over."""
    tmdb: dict[int, None] = {}
    imdb: dict[str, None] = {}
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            line = raw[:100].decode("utf-8", "replace").strip()
            if _TMDB_ID.match(line) and 0 < int(line) <= LARGEST:
                tmdb[int(line)] = None
            elif IMDB_ID.match(line):
                imdb[line] = None
            elif line:
                reason = "neither a TMDb id like 550 nor an IMDb id like tt0137523"
                on_bad(BadRow(path.name, number, reason, printable(line)))
    return list(tmdb), list(imdb)


def mint(conn: Conn, tmdb_ids: Sequence[int], imdb_ids: Sequence[str]) -> list[UUID]:
    """Return the movies with these ids; those that were not known are stubs now."""
    found: dict[UUID, None] = {}
    for chunk in _batches(tmdb_ids, 1000):
        found |= dict.fromkeys(_minted(conn, *minting_tmdb(chunk)))
    for keys in _batches(imdb_ids, 1000):
        found |= dict.fromkeys(_minted(conn, *minting_imdb(keys)))
    return list(found)


def _minted(conn: Conn, statement: str, values: Any) -> list[UUID]:
    while True:
        rows = conn.execute(statement, values).fetchall()
        if all(movie_id for _, movie_id in rows):
            return [movie_id for _, movie_id in rows]


def fetch_all(
    conninfo: str,
    remotes: Remotes,
    movie_ids: Sequence[UUID],
    *,
    days: int,
    progress: Progress,
    on_bad: OnBad,
) -> Outcome:
    """Fetch what is due of movies. Raises Away and Denied, when what came before is in."""
    fetching = Fetching(remotes.tmdb, remotes.omdb, days=days, on_bad=on_bad)
    advance = progress("movies", len(movie_ids))
    with connect(conninfo, application="projectionist import") as conn:
        for batch in _batches(movie_ids, BATCH):
            fetching.fetch(conn, batch)
            advance(len(batch))
    return fetching.outcome


def chosen(conn: Conn, *, refresh: bool, all_stubs: bool) -> list[UUID]:
    """Return the movies whose copy is stale, and those that are stubs, as is asked for."""
    found = dict.fromkeys(copies.stale(conn, "tmdb") if refresh else [])
    return list(found | dict.fromkeys(copies.stubs(conn) if all_stubs else []))


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
