"""Stars as numbers, in the format that a client shows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.catalogue import movie
from tests.schema.test_feed import feed, follow
from tests.schema.test_lists import show
from tests.schema.test_reviews import say
from tests.schema.twice import disagreement, plainly
from tests.world import World

UNBORN = f"Movie:{movie('unborn')}"
SCORES = """asGiven: score stars5: score(format: STARS_5) half: score(format: HALF_STARS)
  ten: score(format: POINT_10) hundred: score(format: POINT_100) nothing: score(format: null)"""
VIEWER = f"""{{
  node(id: "{UNBORN}") {{ ... on Movie {{ viewerState {{ {SCORES} review {{ {SCORES} }} }} }} }}
  viewer {{ ratings(first: 1) {{ edges {{ {SCORES} }} }} diary(first: 1) {{ edges {{ {SCORES} }} }}
            feed(first: 9) {{ nodes {{ type {SCORES} }} }} }}
}}"""


def scores(half_stars: int) -> dict[str, float]:
    """What a client is told of some half stars."""
    stars = half_stars / 2
    return {
        "asGiven": stars,
        "stars5": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5][half_stars - 1],
        "half": stars,
        "ten": half_stars,
        "hundred": half_stars * 10,
        "nothing": stars,
    }


async def told(world: World, by: str = "bob") -> Any:
    """Return what one of the people is told; both ways of running it agree."""
    answer = await world.ask(VIEWER, by=by)
    assert disagreement(answer, await plainly(world, VIEWER, by=by)) is None
    return answer["data"]


@pytest.mark.parametrize("half_stars", range(1, 11))
async def test_k43_stars_are_told_in_the_format_that_is_asked_for(world: World, half_stars: int) -> None:
    show(world, "PUBLIC")
    follow(world)
    stars = half_stars / 2
    for name, given in (
        ("writeReview", {"text": "Loud.", "stars": stars}),
        ("markWatched", {"stars": stars}),
    ):
        document = f"""mutation ($i: {name[0].upper()}{name[1:]}Input!) {{
          {name}(input: $i) {{ errors {{ code }} movie {{ viewerState {{ {SCORES} }} }} }} }}"""
        data = await world.data(document, {"i": {"movieId": UNBORN, **given}}, by="bob")
        assert data[name] == {"errors": [], "movie": {"viewerState": scores(half_stars)}}
    expected = scores(half_stars)
    data = await told(world)
    assert data["node"]["viewerState"] == {**expected, "review": expected}
    assert data["viewer"]["ratings"]["edges"] == data["viewer"]["diary"]["edges"] == [expected]
    await feed(world)  # which folds what bob did
    items = (await told(world, "carol"))["viewer"]["feed"]["nodes"]
    nothing = dict.fromkeys(expected)
    assert items == [
        {"type": "WATCHED", **nothing},
        {"type": "RATED", **expected},
        {"type": "REVIEWED", **nothing},
    ]


async def test_without_stars_there_is_no_score(world: World) -> None:
    await say(world, "writeReview", movieId=UNBORN, text="Loud.")
    nothing = dict.fromkeys(scores(1))
    assert (await told(world))["node"]["viewerState"] == {**nothing, "review": nothing}


async def test_an_unknown_format_is_refused_with_a_code(world: World) -> None:
    for wrong in ("STARS_6", "half_stars"):
        query = (
            f'{{ node(id: "{UNBORN}") {{ ... on Movie {{ viewerState {{ score(format: {wrong}) }} }} }} }}'
        )
        answer = await world.ask(query, by="bob")
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    query = f"""query ($f: ScoreFormat) {{
      node(id: "{UNBORN}") {{ ... on Movie {{ viewerState {{ score(format: $f) }} }} }} }}"""
    answer = await world.ask(query, {"f": "STARS_6"}, by="bob")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    await say(world, "writeReview", movieId=UNBORN, text="Loud.", stars=3.5)
    data = await world.data(query, {"f": "POINT_100"}, by="bob")
    assert data["node"]["viewerState"] == {"score": 70}
