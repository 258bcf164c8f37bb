"""Movies as they were rendered: kept until the catalogue changes, so that pages of them read only which ones they hold.

A statement leaves a mark with the key where such an object stands. What is kept looks the same to everybody, and is made
of tables of the catalogue alone; the rest of an answer is read anew each time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from database.pipeline import Statement
from resolvers.reader import Readable, Reader

MARK = "\x03"
"""Begins a mark, which goes on with the number of the selection and a key of KEY characters; no JSON text holds it."""
KEY = 36
MOST = 40
"""Selections that one statement may leave marks for."""
TABLES = frozenset(
    {
        *("movies", "genres", "movie_genres", "people", "movie_credits"),
        *("movie_translations", "movie_certifications", "movie_external_ratings"),
    }
)
"""Whose changes are told; others make an object that is read anew each time."""

_READ = re.compile(r"\b(?:from|join)\s+(\w+|\()")
_OWN = re.compile(r"t\d+\Z")
_BYTE = MARK.encode()


@dataclass(frozen=True, slots=True)
class Gaps:
    """A text in pieces; where each gap is among them, the number of its selection, and its key."""

    pieces: list[bytes]
    gaps: list[tuple[int, int, bytes]]


@dataclass(slots=True, weakref_slot=True, eq=False)
class Selection(Readable):
    """Objects that are rendered alike: how they are read by their keys, and those that are kept."""

    kept: dict[bytes, bytes] = field(default_factory=dict)


def may_keep(sql: str) -> bool:
    """Whether SQL reads only tables whose changes are told, or small ones of its own statement."""
    return all(name in TABLES or _OWN.match(name) for name in _READ.findall(sql))


class Fragments:
    """The rendered objects of one process, `most_bytes` of them; nothing is kept while it is not `told` of changes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._epoch = 0
        self._is_told = False
        self._selections: WeakValueDictionary[str, Selection] = WeakValueDictionary()

    def selection(self, sql: str) -> Selection:
        """Return the selection that a statement reads: of an array of keys, each key and its JSON after a mark."""
        found = self._selections.get(sql)
        if found is None:
            found = self._selections[sql] = Selection(one=Statement(sql), many=None)
        return found

    def selections(self) -> list[Selection]:
        """Return the selections of the plans that there are."""
        return list(self._selections.values())

    def told(self, is_told: bool) -> None:
        """Say that changes are told from now on, or not any more; either way nothing older is good."""
        self._is_told = is_told
        self.clear()

    def clear(self) -> None:
        """Forget everything, and what is being read at the moment."""
        self._epoch += 1
        self._bytes = 0
        for selection in self.selections():
            selection.kept.clear()

    def spliced(self, selections: Sequence[Selection], data: bytes) -> bytes | Gaps:
        """Return the text with objects in place of its marks; with gaps where one is not kept."""
        first, *marked = data.split(_BYTE)
        kept = [selection.kept for selection in selections]
        pieces, gaps = [first], []
        for piece in marked:
            number, key = piece[0] - 48, piece[1 : KEY + 1]
            text = kept[number].get(key)
            if text is None:
                gaps.append((len(pieces), number, key))
            pieces += (text or b"null", piece[KEY + 1 :])
        return Gaps(pieces, gaps) if gaps else b"".join(pieces)

    async def filled(self, reader: Reader, selections: Sequence[Selection], data: bytes) -> bytes:
        """Return the text with objects in place of its marks. Raises what reading them does."""
        found = self.spliced(selections, data)
        if isinstance(found, bytes):
            return found
        for asked in {number for _, number, _ in found.gaps}:
            keys = {key for _, number, key in found.gaps if number == asked}
            made = await self._read(reader, selections[asked], keys)
            for place, number, key in found.gaps:
                if number == asked and key in made:
                    found.pieces[place] = made[key]
        return b"".join(found.pieces)

    async def _read(self, reader: Reader, selection: Selection, keys: set[bytes]) -> dict[bytes, bytes]:
        epoch = self._epoch
        text = await reader.read(selection, [b"{" + b",".join(keys) + b"}"], may_refuse=False)
        made = {part[:KEY]: part[KEY:] for part in text.split(_BYTE)}
        if epoch == self._epoch and self._is_told:  # else they may be from before a change
            self._keep(selection, made)
        return made

    def _keep(self, selection: Selection, made: Mapping[bytes, bytes]) -> None:
        self._bytes += sum(KEY + len(text) for key, text in made.items() if key not in selection.kept)
        selection.kept.update(made)
        if self._bytes > self._most_bytes:
            self.clear()
