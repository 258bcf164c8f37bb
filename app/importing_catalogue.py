"""Imports of movies without what people did: IMDb's data sets, and any table. What was cut short goes on where it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from app.importing import OnBad, Progress, silent, silently
from catalog.imdb import SOURCE, Dataset, open_dataset
from catalog.movies import LoadedMovies, load_movies, movie_ids
from catalog.people import load_people
from catalog.rows import BadRow, MovieRow
from catalog.tables import Mapped, count_rows, read_table
from database.connect import connect

_DONE = 2**62
_BEGIN = """
delete from import_checkpoints where source = %(source)s and fingerprint <> %(fingerprint)s"""
_LINES = "select file, line from import_checkpoints where source = %s"
_REACHED = """
insert into import_checkpoints (source, file, fingerprint, line) values (%(source)s, %(file)s, %(fingerprint)s, %(line)s)
on conflict (source, file) do update set line = excluded.line, updated_at = now()"""
_FINISHED = "delete from import_checkpoints where source = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueReport:
    """What an import of movies came to; `movies` counts a movie once for each file that says something of it."""

    source: str
    movies: LoadedMovies
    people: int
    bad: int
    resumed: bool


class Checkpoints:
    """How far an import came in each file, kept with what it wrote; those of other files or options do not count."""

    def __init__(self, conn: psycopg.Connection[Any], source: str, fingerprint: str) -> None:
        self._conn, self._given = conn, {"source": source, "fingerprint": fingerprint}
        conn.execute(_BEGIN, self._given)
        self._lines = dict(conn.execute(_LINES, (source,)).fetchall())
        self.resumed = bool(self._lines)

    def line(self, file: str) -> int:
        """Return the last line that is in."""
        return int(self._lines.get(file, 0))

    def reached(self, file: str, line: int = _DONE) -> None:
        """Keep that all up to a line is in, in the transaction that there is; without one, all of the file."""
        self._conn.execute(_REACHED, self._given | {"file": file, "line": line})

    def clear(self) -> None:
        """Forget all: the import is whole."""
        self._conn.execute(_FINISHED, (self._given["source"],))


def import_imdb(
    conninfo: str,
    path: Path,
    *,
    types: tuple[str, ...] = ("movie",),
    minimum_votes: int = 0,
    progress: Progress = silently,
    on_bad: OnBad = silent,
) -> CatalogueReport:
    """Import titles of these types with so many votes at least; what was cut short goes on where it was.

    The same files again change nothing. Raises UnreadableRelease.
    """
    found = open_dataset(path)
    with connect(conninfo, application="projectionist import") as conn:
        fingerprint = _fingerprint(found, types, minimum_votes)
        return _Import(conn, found, Checkpoints(conn, SOURCE, fingerprint), progress, on_bad).run(
            types, minimum_votes
        )


def import_movies(
    conninfo: str,
    path: Path,
    *,
    source: str,
    mapping: Mapped,
    progress: Progress = silently,
    on_bad: OnBad = silent,
) -> CatalogueReport:
    """Import the movies of a CSV or Parquet file; `source` is the namespace of its ids. The same file again changes nothing.

    Raises UnreadableRelease.
    """
    with connect(conninfo, application="projectionist import") as conn:
        advance = progress("movies", count_rows(path))
        loaded = load_movies(conn, source, read_table(path, source, mapping), advance)
    for row in loaded.bad:
        on_bad(row)
    return CatalogueReport(source=source, movies=loaded, people=0, bad=len(loaded.bad), resumed=False)


class _Import:
    def __init__(
        self,
        conn: psycopg.Connection[Any],
        found: Dataset,
        checkpoints: Checkpoints,
        progress: Progress,
        on_bad: OnBad,
    ) -> None:
        self.conn, self.found, self.checkpoints = conn, found, checkpoints
        self.progress, self.on_bad = progress, on_bad
        self.loaded = LoadedMovies()
        self.people = self.bad = 0

    def run(self, types: tuple[str, ...], minimum_votes: int) -> CatalogueReport:
        found = self.found
        votes = found.votes(self.pass_over)
        self.movies("title.basics", lambda after: found.titles(types, votes, minimum_votes, after))
        wanted = movie_ids(self.conn, SOURCE).keys()
        credited = found.credited(wanted) if "name.basics" in found.files else set()
        self.names(credited)
        self.movies("title.crew", lambda after: found.directors(wanted, after))
        self.movies("title.principals", lambda after: found.cast(wanted, after))
        self.movies("title.akas", lambda after: found.translations(wanted, after))
        self.checkpoints.clear()
        return CatalogueReport(
            source=SOURCE,
            movies=self.loaded,
            people=self.people,
            bad=self.bad,
            resumed=self.checkpoints.resumed,
        )

    def movies(self, name: str, rows: Callable[[int], Iterator[MovieRow | BadRow]]) -> None:
        with self.lines_of(name) as (after, on_line):
            if on_line is None:
                return
            loaded = load_movies(self.conn, SOURCE, rows(after), silent, on_line)
            for row in loaded.bad:
                self.pass_over(row)
            self.loaded = replace(
                self.loaded,
                created=self.loaded.created + loaded.created,
                updated=self.loaded.updated + loaded.updated,
                unchanged=self.loaded.unchanged + loaded.unchanged,
            )

    def names(self, credited: set[str]) -> None:
        with self.lines_of("name.basics") as (after, on_line):
            if on_line is not None:
                good = (row for row in self.found.names(credited, after) if self.is_good(row))
                self.people += load_people(self.conn, good, on_line)  # type: ignore[arg-type]

    @contextmanager
    def lines_of(self, name: str) -> Iterator[tuple[int, Callable[[int], None] | None]]:
        """Give the line of a file to go on after, and what takes lines that are done; None where nothing is left."""
        after = last = self.checkpoints.line(name)
        if name not in self.found.files or after == _DONE:
            yield after, None
            return
        total = self.found.files[name].count_lines()
        advance = self.progress(name, total - after)

        def reached(line: int) -> None:
            nonlocal last
            self.checkpoints.reached(name, line)
            advance(line - last)
            last = line

        yield after, reached
        self.checkpoints.reached(name)
        advance(total - last)

    def is_good(self, row: object) -> bool:
        if isinstance(row, BadRow):
            self.pass_over(row)
            return False
        return True

    def pass_over(self, row: BadRow) -> None:
        self.bad += 1
        self.on_bad(row)


def _fingerprint(found: Dataset, types: tuple[str, ...], minimum_votes: int) -> str:
    files = [
        (name, file.path.stat().st_size, file.path.stat().st_mtime_ns) for name, file in found.files.items()
    ]
    return hashlib.sha256(repr((sorted(files), sorted(types), minimum_votes)).encode()).hexdigest()
