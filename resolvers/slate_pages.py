"""Which places of a slate a client asks for: as the statement cuts the page, but known before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from resolvers.ids import cursor_component, page_size
from resolvers.mapping import Key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ranks = NDArray[np.int64]

NAME = "recommendations"
KEYS = (Key("{t}.rank", "bigint"), Key("{t}.slate_id", "uuid"))
"""The rank comes first: a slate that is gone goes on at the same rank of a new one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A rank of a slate, as a cursor says it."""

    rank: int
    slate_id: UUID


@dataclass(frozen=True, slots=True)
class SlatePage:
    """A page of a connection over a slate."""

    size: int
    is_backward: bool
    after: Place | None
    before: Place | None

    @property
    def slate_id(self) -> UUID | None:
        """The slate that the client is in."""
        place = self.after or self.before
        return place.slate_id if place else None

    def of(self, ranks: Ranks, slate_id: UUID) -> Ranks:
        """Return the ranks of the page, of those that the slate has now, which ascend."""
        if self.after:
            ranks = ranks[ranks >= self.after.rank + (slate_id <= self.after.slate_id)]
        if self.before:
            ranks = ranks[ranks <= self.before.rank - (slate_id >= self.before.slate_id)]
        if self.is_backward:
            return ranks[max(0, len(ranks) - self.size) :]
        return ranks[: self.size]


def slate_page(given: Mapping[str, Any]) -> SlatePage:
    """Return the page that a field's arguments ask for. Raises BadPageSize, BadCursor."""
    last = given.get("last")
    return SlatePage(
        size=int(page_size(given.get("first") if last is None else last)),
        is_backward=last is not None,
        after=_place(given.get("after")),
        before=_place(given.get("before")),
    )


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    rank, slate_id = (convert(cursor) for convert in cursor_component(NAME, tuple(k.type for k in KEYS)))
    return Place(int(str(rank)), UUID(slate_id))
