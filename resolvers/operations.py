"""What operators do through GraphQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from events.errors import Rejected
from projections.registry import projections
from resolvers.context import Context
from resolvers.interactions import Payload, refused


class UnknownProjection(Rejected):
    """There is no projection of this name; the query `projections` lists them."""

    code: ClassVar[str] = "UNKNOWN_PROJECTION"
    path = ("name",)


async def rebuild_projection(context: Context, given: Mapping[str, Any]) -> Payload:
    """Ask for a rebuild; a worker does it, and its progress can be queried and subscribed to."""
    name = given["name"]
    if name not in projections():
        return refused(UnknownProjection(), projection=None)
    await context.services.rebuild(name)
    return {"errors": "[]", "projection": name}


async def handled_types(_: Context, rows: Sequence[Mapping[str, Any]]) -> Sequence[list[str] | None]:
    """Return the types of events that each projection folds; None for one that this program does not know."""
    known = projections()
    return [
        [fact.type for fact in known[row["name"]].handles] if row["name"] in known else None for row in rows
    ]
