"""IMDb's non-commercial data sets: https://developer.imdb.com/non-commercial-datasets, TSV files, packed or not.

`title.basics` is needed; `title.ratings`, `title.akas`, `title.crew`, `title.principals` and `name.basics` are read where
they lie beside it. They are larger than memory, so each is read as a stream, and sorted as IMDb publishes them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from catalog.files import DataFile, Folder, fault, folders
from catalog.locales import locale_of
from catalog.rows import BadRow, Credit, MovieRow, Translation, UnreadableRelease, VotedRating
from catalog.soundness import is_person, is_vote
from catalog.titles import plausible_year

SOURCE = "imdb"
TYPES = (
    *("movie", "short", "tvMovie", "tvSeries", "tvEpisode", "tvMiniSeries", "tvSpecial", "tvShort"),
    *("tvPilot", "video", "videoGame"),
)
_COLUMNS = {
    "title.basics": (
        *("tconst", "titleType", "primaryTitle", "originalTitle", "isAdult", "startYear", "endYear"),
        *("runtimeMinutes", "genres"),
    ),
    "title.ratings": ("tconst", "averageRating", "numVotes"),
    "title.akas": (
        *("titleId", "ordering", "title", "region", "language", "types", "attributes", "isOriginalTitle"),
    ),
    "title.crew": ("tconst", "directors", "writers"),
    "title.principals": ("tconst", "ordering", "nconst", "category", "job", "characters"),
    "name.basics": (
        *("nconst", "primaryName", "birthYear", "deathYear", "primaryProfession", "knownForTitles"),
    ),
}
_NULL = "\\N"
_PLAYS = frozenset({"actor", "actress", "self"})
_ODD_TITLES = ("working", "festival", "dvd", "video", "alternative")
_LONGEST = 500

_Line = tuple[int, list[str]]
Votes = Mapping[str, tuple[float, int]]


@dataclass(frozen=True)
class Dataset:
    """The files that there are, by what they are of."""

    files: Mapping[str, DataFile]

    def votes(self, on_bad: Callable[[BadRow], None]) -> dict[str, tuple[float, int]]:
        """Mean and number of votes by title."""
        found = {}
        for line in self._lines("title.ratings"):
            if isinstance(line, BadRow):
                on_bad(line)
                continue
            number, (tconst, mean, votes) = line
            try:
                rating = VotedRating(SOURCE, float(mean), 10, int(votes))
            except ValueError:
                on_bad(self._bad("title.ratings", number, "a rating that is not a number", tconst))
                continue
            if is_vote(rating):
                found[tconst] = rating.value, rating.votes
            else:
                on_bad(self._bad("title.ratings", number, "a rating that is not on its scale", tconst))
        return found

    def titles(
        self, types: Collection[str], votes: Votes, minimum_votes: int, after: int
    ) -> Iterator[MovieRow | BadRow]:
        """Titles of these types with so many votes at least, from the line behind `after`."""
        for line in self._lines("title.basics", after):
            if isinstance(line, BadRow):
                yield line
                continue
            number, fields = line
            mean, count = votes.get(fields[0], (0.0, 0))
            if fields[1] in types and count >= minimum_votes:
                try:
                    yield self._title(number, fields, mean, count)
                except ValueError as error:
                    yield self._bad("title.basics", number, str(error), fields[0])

    def _title(self, number: int, fields: list[str], mean: float, votes: int) -> MovieRow:
        tconst, _, title, original, adult, start, _, runtime, genres = fields
        if not 0 < len(title) <= _LONGEST or title == _NULL or len(original) > _LONGEST:
            raise ValueError(f"a title that is empty or longer than {_LONGEST} characters")
        if runtime != _NULL and not (runtime.isdecimal() and len(runtime) < 10):
            raise ValueError("a runtime that is no number of minutes")
        return MovieRow(
            external_id=tconst,
            imdb_id=tconst,
            title=title,
            original_title=original if original not in (_NULL, title) else None,
            year=plausible_year(start),
            runtime_minutes=int(runtime) or None if runtime != _NULL else None,
            adult=True if adult == "1" else None,
            genres=tuple(genres.split(",")) if genres != _NULL else (),
            ratings=(VotedRating(SOURCE, mean, 10, votes),) if votes else (),
            file=self.files["title.basics"].name,
            line=number,
        )

    def translations(self, wanted: Collection[str], after: int) -> Iterator[MovieRow | BadRow]:
        """What the titles are called in other languages: of each locale the first that is no oddity."""
        for group in self._by_title("title.akas", wanted, after):
            if isinstance(group, BadRow):
                yield group
                continue
            tconst, number, lines = group
            found: dict[str, Translation] = {}
            for _, _, title, region, language, types, attributes, _ in lines:
                locale = locale_of(*("" if part == _NULL else part for part in (language, region)))
                odd = types in _ODD_TITLES or attributes != _NULL
                if locale and not odd and 0 < len(title) <= _LONGEST:
                    found.setdefault(locale, Translation(locale, title))
            if found:
                yield self._part("title.akas", tconst, number, translations=tuple(found.values()))

    def directors(self, wanted: Collection[str], after: int) -> Iterator[MovieRow | BadRow]:
        """Who directed the titles."""
        for group in self._by_title("title.crew", wanted, after):
            if isinstance(group, BadRow):
                yield group
                continue
            tconst, number, lines = group
            directors = lines[0][1]
            if directors != _NULL:
                credits_ = tuple(Credit(imdb_id=each) for each in directors.split(","))
                yield self._part("title.crew", tconst, number, directors=credits_)

    def cast(self, wanted: Collection[str], after: int) -> Iterator[MovieRow | BadRow]:
        """Who plays in the titles, as what."""
        for group in self._by_title("title.principals", wanted, after):
            if isinstance(group, BadRow):
                yield group
                continue
            tconst, number, lines = group
            parts = [fields for fields in lines if fields[3] in _PLAYS]
            if parts:
                cast = tuple(Credit(imdb_id=fields[2], character=_character(fields[5])) for fields in parts)
                yield self._part("title.principals", tconst, number, cast=cast)

    def names(self, wanted: Collection[str], after: int) -> Iterator[tuple[int, str, str] | BadRow]:
        """Line, id and name of people."""
        for line in self._lines("name.basics", after):
            if isinstance(line, BadRow):
                yield line
            elif line[1][0] in wanted:
                number, (nconst, name, *_) = line
                if not is_person(nconst):
                    yield self._bad("name.basics", number, "an id that is not like nm0000158", nconst)
                elif 0 < len(name) <= 300 and name != _NULL:
                    yield number, nconst, name
                else:
                    yield self._bad("name.basics", number, "a name that is empty or too long", nconst)

    def credited(self, wanted: Collection[str]) -> set[str]:
        """The ids of who directed the titles or plays in them; what is wrong with lines is told when they are loaded."""
        found: set[str] = set()
        for rows in (self.directors(wanted, 0), self.cast(wanted, 0)):
            for row in rows:
                if isinstance(row, MovieRow):
                    found.update(each.imdb_id or "" for each in (*row.directors, *row.cast))
        return found

    def _by_title(
        self, name: str, wanted: Collection[str], after: int
    ) -> Iterator[tuple[str, int, list[list[str]]] | BadRow]:
        """Each title, its last line, and the fields of its lines."""
        title, number, lines = "", 0, list[list[str]]()
        for line in self._lines(name, after):
            if isinstance(line, BadRow):
                yield line
                continue
            if line[1][0] != title:
                if lines:
                    yield title, number, lines
                title, lines = line[1][0], []
            if title in wanted:
                number = line[0]
                lines.append(line[1])
        if lines:
            yield title, number, lines

    def _lines(self, name: str, after: int = 0) -> Iterator[_Line | BadRow]:
        file = self.files.get(name)
        if file is None:
            return
        columns, number = _COLUMNS[name], 0
        for number, line in file.lines():
            if number == 1:
                if tuple(line.decode("utf-8", "replace").split("\t")) != columns:
                    raise UnreadableRelease(f"The first line of {file.name} is not: {', '.join(columns)}.")
            elif number > after:
                fields = line.decode("utf-8", "replace").split("\t")
                if reason := fault(line, "utf-8"):
                    yield file.bad(number, reason, line)
                elif len(fields) != len(columns):
                    yield file.bad(number, f"{len(fields)} columns instead of {len(columns)}", line)
                else:
                    yield number, fields
        if number == 0:
            raise UnreadableRelease(f"{file.name} is empty; fetch it again.")

    def _part(self, name: str, tconst: str, number: int, **told: Any) -> MovieRow:
        return MovieRow(tconst, "", file=self.files[name].name, line=number, **told)

    def _bad(self, name: str, number: int, reason: str, text: str) -> BadRow:
        return self.files[name].bad(number, reason, text.encode())


def open_dataset(path: Path) -> Dataset:
    """Find the files in a folder or a zip. Raises UnreadableRelease where `title.basics` is not among them."""
    for folder in folders(path):
        files = {name: file for name in _COLUMNS if (file := _file(folder, name))}
        if "title.basics" in files:
            return Dataset(files)
    raise UnreadableRelease(f"{path} holds no title.basics.tsv.gz; fetch the files from datasets.imdbws.com.")


def _file(folder: Folder, name: str) -> DataFile | None:
    return folder.files.get(f"{name}.tsv.gz") or folder.files.get(f"{name}.tsv")


def _character(text: str) -> str | None:
    """'["Neo","Thomas"]' as "Neo / Thomas"."""
    try:
        return " / ".join(orjson.loads(text))[:_LONGEST] or None
    except (orjson.JSONDecodeError, TypeError):
        return None
