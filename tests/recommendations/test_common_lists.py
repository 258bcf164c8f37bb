"""What newcomers are asked about, what suits several people, and which movies are alike."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.serving import Served, codes
from tests.recommendations.conftest import Newcomer
from tests.recommendations.tastes import EACH, KINDS, Person, film

ASKED = """query ($first: Int, $after: String) {
  onboarding(first: $first, after: $after) { totalCount pageInfo { endCursor } nodes { id title } }
}"""
GROUP = """query ($people: [ID!]!, $strategy: GroupStrategy! = AVERAGE) {
  groupRecommendations(userIds: $people, strategy: $strategy, first: 100) { edges { score node { title } } }
}"""
ME = "{ viewer { id } }"
PRIVACY = "mutation ($to: Privacy!) { setPrivacy(input: { privacy: $to }) { errors { code } } }"


async def test_newcomers_are_asked_about_movies_of_all_kinds_and_of_none_twice(
    served: Served, newcomer: Newcomer
) -> None:
    answer = (await served.ask(ASKED, variables={"first": 8}))["data"]["onboarding"]
    found = [node["title"] for node in answer["nodes"]]
    assert {title.split()[0] for title in found} == set(KINDS)
    more = (await served.ask(ASKED, variables={"first": 8, "after": answer["pageInfo"]["endCursor"]}))["data"]
    assert not set(found) & {node["title"] for node in more["onboarding"]["nodes"]}
    person = await newcomer("oscar")
    kind, _, number = found[0].partition(" ")
    await person.react(kind, int(number), reaction="DISLIKE")
    asked = (await person.ask(ASKED, first=8))["onboarding"]
    assert [node["title"] for node in asked["nodes"]][:7] == found[1:]
    assert asked["totalCount"] == answer["totalCount"] - 1


async def ids(*people: Person) -> list[str]:
    return [(await person.ask(ME))["viewer"]["id"] for person in people]


@pytest.mark.parametrize("strategy", ["AVERAGE", "LEAST_MISERY"])
async def test_a_group_gets_what_nobody_knows_or_vetoes(newcomer: Newcomer, strategy: str) -> None:
    one, two = await newcomer(f"gina{strategy}"), await newcomer(f"gerd{strategy}")
    await one.react("Comedy", 1, 2, 3)
    await two.react("Horror", 4, 5)
    await two.ask(PRIVACY, to="PUBLIC")
    await two.ask(
        "mutation ($id: ID!) { dismissMovie(input: { movieId: $id }) { errors { code } } }",
        id=f"Movie:{film('Comedy', 9)}",
    )
    edges = (await one.ask(GROUP, people=await ids(two), strategy=strategy))["groupRecommendations"]["edges"]
    found = {edge["node"]["title"] for edge in edges}
    everything = {f"{kind} {number}" for kind in KINDS for number in range(1, EACH + 1)}
    assert everything - found == {"Comedy 1", "Comedy 2", "Comedy 3", "Comedy 9", "Horror 4", "Horror 5"}
    scores = [edge["score"] for edge in edges]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


async def test_a_group_has_ten_people_at_most_and_the_one_who_asks_is_signed_in(
    served: Served, newcomer: Newcomer
) -> None:
    people = [f"User:00000000-0000-7000-8000-{number:012}" for number in range(10)]
    person = await newcomer("greta")
    nine = [await newcomer(f"greta{number}") for number in range(9)]
    for each in nine:
        await each.ask(PRIVACY, to="PUBLIC")
    others = await ids(*nine)

    async def asked(who: str | None, *others: str) -> Any:
        return await served.post(GROUP, token=who, variables={"people": others})

    assert "errors" not in (await asked(person.token, *others, others[0])).json()
    assert codes(await asked(person.token, *people)) == ["BAD_USER_INPUT"]
    assert codes(await asked(person.token, "Movie:1")) == ["BAD_ID"]
    assert codes(await asked(None, people[0])) == ["UNAUTHENTICATED"]


FOLLOW = "mutation ($id: ID!) { followUser(input: { userId: $id }) { errors { code } } }"
ACCEPT = "mutation ($id: ID!) { acceptFollower(input: { userId: $id }) { errors { code } } }"
BLOCK = "mutation ($id: ID!) { blockUser(input: { userId: $id }) { errors { code } } }"


async def test_what_suits_a_group_tells_nothing_of_who_does_not_show_themself(
    served: Served, newcomer: Newcomer
) -> None:
    """Nor whether they are there at all."""
    one, other = await newcomer("gwen"), await newcomer("gus")
    me, them = await ids(one, other)

    async def refused(who: str) -> list[str]:
        return codes(await served.post(GROUP, token=one.token, variables={"people": [who]}))

    nobody = await refused("User:00000000-0000-7000-8000-000000000000")
    assert nobody == ["NOT_FOUND"]
    await other.ask(PRIVACY, to="FOLLOWERS")
    assert await refused(them) == nobody
    await one.ask(FOLLOW, id=them)
    assert await refused(them) == nobody
    await other.ask(ACCEPT, id=me)
    assert (await one.ask(GROUP, people=[them]))["groupRecommendations"]["edges"]
    await other.ask(PRIVACY, to="PRIVATE")
    assert await refused(them) == nobody
    await other.ask(PRIVACY, to="PUBLIC")
    assert (await one.ask(GROUP, people=[them]))["groupRecommendations"]["edges"]
    await other.ask(BLOCK, id=me)
    assert await refused(them) == nobody


async def test_k63_similar_movies_of_all_are_there_when_a_model_serves(served: Served) -> None:
    query = "query ($id: ID!) { node(id: $id) { ... on Movie { similar(first: 100) { edges { score node { title } } } } } }"
    for kind in KINDS:
        answer = await served.ask(query, variables={"id": f"Movie:{film(kind, 3)}"})
        edges = answer["data"]["node"]["similar"]["edges"]
        assert len(edges) == 20
        assert [edge["node"]["title"].split()[0] for edge in edges[:10]] == [kind] * 10
        assert f"{kind} 3" not in {edge["node"]["title"] for edge in edges}
        scores = [edge["score"] for edge in edges]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
