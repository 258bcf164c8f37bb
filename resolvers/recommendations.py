"""What clients are recommended, as feeds for the schema."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from resolvers.context import Context
from resolvers.mapping import Fed, Feed
from resolvers.slate_pages import NAME


async def _recommended(context: Context, given: Mapping[str, Any], wanted: Set[str]) -> Fed:
    if context.viewer is None:
        return Fed({})
    return await context.services.recommender.fed(context.viewer.id, given, wanted)


RECOMMENDED = Feed(
    NAME,
    {
        "movie_id": "uuid[]",
        "rank": "bigint[]",
        "score": "float8[]",
        "reasons": "jsonb[]",
        "slate_id": "uuid",
        "algorithm": "text",
    },
    _recommended,
)
