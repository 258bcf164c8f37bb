"""What clients are recommended, as feeds for the schema."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from resolvers.context import Context
from resolvers.mapping import Fed, Feed, Key
from resolvers.slate_pages import NAME


async def _recommended(context: Context, given: Mapping[str, Any], wanted: Set[str]) -> Fed:
    if context.viewer is None:
        return Fed({})
    recommends = await context.services.recommending.now()
    return await recommends.recommender.fed(context.viewer.id, given, wanted)


async def _asked_first(context: Context, _: Mapping[str, Any], __: Set[str]) -> Fed:
    recommends = await context.services.recommending.now()
    return await recommends.common_lists.asked_first(context.viewer.id if context.viewer else None)


async def _for_all(context: Context, given: Mapping[str, Any], _: Set[str]) -> Fed:
    user_id = context.require_viewer().id
    recommends = await context.services.recommending.now()
    return await recommends.common_lists.for_all(user_id, given)


_LISTED = {"movie_id": "uuid[]", "rank": "bigint[]", "score": "float8[]"}
BY_RANK = (Key("{t}.rank", "bigint"),)

ONBOARDING = Feed("onboarding", {"movie_id": "uuid[]", "rank": "bigint[]"}, _asked_first)
FOR_ALL = Feed("groupRecommendations", _LISTED, _for_all)

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
