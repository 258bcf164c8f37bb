"""Fetches movies from TMDb and OMDb into the catalogue. What fails of one movie costs that movie, and no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from app.importing import OnBad, silent
from app.merging import record_merge
from catalog import copies
from catalog.copies import Target
from catalog.movies import LoadedMovies, genre_name, genre_slug, load_movies
from catalog.omdb import Omdb
from catalog.remote import Away, Denied, Gone, Malformed
from catalog.rows import BadRow
from catalog.tmdb import Copy, Tmdb
from catalog.uniting import unite

Conn = psycopg.Connection[Any]

BATCH = 50
"""Movies that are fetched before they are written."""
AT_ONCE = 8
"""Requests at the same time; the services' limits are kept beside that."""
_MALFORMED_DAYS = 1

_Failure = Away | Denied | Gone | Malformed


@dataclass(slots=True)
class Outcome:
    """What became of movies; `unchanged` are also those of which the service says that nothing changed."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    gone: int = 0
    bad: int = 0
    united: int = 0

    def add(self, loaded: LoadedMovies) -> None:
        """Count what was written."""
        self.created += loaded.created
        self.updated += loaded.updated
        self.unchanged += loaded.unchanged


class Fetching:
    """The services that there are; a copy is stale after so many `days`."""

    def __init__(self, tmdb: Tmdb | None, omdb: Omdb | None, *, days: int, on_bad: OnBad = silent) -> None:
        self.tmdb, self.omdb = tmdb, omdb
        self._days, self._on_bad = days, on_bad
        self.outcome = Outcome()

    def fetch(self, conn: Conn, movie_ids: Sequence[UUID]) -> None:
        """Fetch what is due of movies, BATCH of them at most. What came is kept before Away or Denied are raised."""
        if self.tmdb:
            due = [each for each in copies.targets(conn, movie_ids) if each.tmdb_is_due]
            self._run(conn, "tmdb", due, self._ask_tmdb, self._keep_tmdb)
        if self.omdb:
            due = [each for each in copies.targets(conn, movie_ids) if each.omdb_is_due]
            self._run(conn, "omdb", due, self._ask_omdb, self._keep_omdb)

    def _ask_tmdb(self, target: Target) -> Copy | None:
        assert self.tmdb
        if target.tmdb_id is not None:
            return self.tmdb.movie(target.tmdb_id, target.etag)
        if target.imdb_id is None:
            raise Gone
        return self.tmdb.movie(self.tmdb.find(target.imdb_id))

    def _ask_omdb(self, target: Target) -> Copy:
        assert self.omdb
        assert target.imdb_id
        return self.omdb.movie(target.imdb_id)

    def _run(
        self,
        conn: Conn,
        source: copies.Service,
        due: Sequence[Target],
        ask: Callable[[Target], Copy | None],
        keep: Callable[[Conn, dict[UUID, Copy]], None],
    ) -> None:
        with ThreadPoolExecutor(AT_ONCE) as crew:
            answers = list(crew.map(lambda target: _attempted(ask, target), due))
        found: dict[UUID, Copy] = {}
        told: list[tuple[UUID, str | None, str | None]] = []
        unusable: Exception | None = None
        for target, answer in zip(due, answers, strict=True):
            if isinstance(answer, (Away, Denied)):
                unusable = unusable or answer
            elif isinstance(answer, (Gone, Malformed)):
                self._note(conn, source, target, answer)
            elif answer is None:
                self.outcome.unchanged += 1
                told.append((target.id, None, None))
            else:
                found[target.id] = answer
                told.append((target.id, answer.row.external_id, answer.etag))
        if found:
            keep(conn, found)
        copies.copied(conn, source, told, self._days)
        if unusable:
            raise unusable

    def _note(self, conn: Conn, source: copies.Service, target: Target, failure: Gone | Malformed) -> None:
        if isinstance(failure, Gone):
            self.outcome.gone += 1
            copies.failed(conn, source, target.id, "GONE", self._days)
            return
        self._report(BadRow(source, 0, str(failure), str(target.tmdb_id or target.imdb_id)))
        copies.failed(conn, source, target.id, "MALFORMED", min(_MALFORMED_DAYS, self._days))

    def _keep_tmdb(self, conn: Conn, found: dict[UUID, Copy]) -> None:
        for copy in found.values():
            self.outcome.united += unite(conn, copy.row, record_merge)
        self._load(conn, "tmdb", found)
        copies.set_offers(conn, {copy.row.external_id: copy.offers for copy in found.values()})
        genres = {
            genre_slug(genre_name(name)): key for copy in found.values() for name, key in copy.genre_ids
        }
        copies.set_genre_ids(conn, genres)

    def _keep_omdb(self, conn: Conn, found: dict[UUID, Copy]) -> None:
        self._load(conn, "omdb", found)

    def _load(self, conn: Conn, source: copies.Service, found: dict[UUID, Copy]) -> None:
        # two stubs may be one movie
        rows = {copy.row.external_id: copy.row for copy in found.values()}
        loaded = load_movies(conn, source, rows.values(), silent)
        self.outcome.add(loaded)
        for row in loaded.bad:
            self._report(row)

    def _report(self, row: BadRow) -> None:
        self.outcome.bad += 1
        self._on_bad(row)


def _attempted(ask: Callable[[Target], Copy | None], target: Target) -> Copy | _Failure | None:
    try:
        return ask(target)
    except (Away, Denied, Gone, Malformed) as failure:
        return failure
