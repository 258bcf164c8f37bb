"""What clients are recommended, as feeds for the schema."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any
from uuid import UUID

from resolvers.context import Context
from resolvers.errors import BadInput, NotFound
from resolvers.follows import OPEN
from resolvers.ids import uuid_of
from resolvers.mapping import Fed, Feed, Key
from resolvers.slate_pages import NAME

GROUP_MOST = 10
"""People of a group, the one who asks among them."""

_person = uuid_of("User")
# what suits a group tells what its people like
_SHOWN = "select count(*) from users u where u.id = any (%(people)s) and " + OPEN.format(
    u="u", viewer="%(viewer)s"
)


async def _recommended(context: Context, given: Mapping[str, Any], wanted: Set[str]) -> Fed:
    if context.viewer is None:
        return Fed({})
    recommends = await context.services.recommending.now()
    return await recommends.recommender.fed(context.viewer.id, given, wanted)


async def _asked_first(context: Context, _: Mapping[str, Any], __: Set[str]) -> Fed:
    recommends = await context.services.recommending.now()
    return await recommends.common_lists.asked_first(context.viewer.id if context.viewer else None)


async def _for_all(context: Context, given: Mapping[str, Any], _: Set[str]) -> Fed:
    viewer = context.require_viewer().id
    people = {viewer, *(UUID(_person(each)) for each in given["userIds"])}
    if len(people) > GROUP_MOST:
        raise BadInput(f"A group has {GROUP_MOST} people at most, with you.")
    async with context.acting() as conn:
        values = {"people": list(people), "viewer": viewer}
        (shown,) = await (await conn.execute(_SHOWN, values)).fetchone() or (0,)
    if shown < len(people):
        raise NotFound("Somebody of this group is not there, or does not show themself to you.")
    recommends = await context.services.recommending.now()
    return await recommends.common_lists.for_all(people, given["strategy"].name)


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
