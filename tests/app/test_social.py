"""Lists, reviews and the feed over HTTP, by people who sign up, and as strangers see them."""

from __future__ import annotations

from typing import Any

from database.connect import connect
from projections.follow import catch_up
from tests.app.serving import Served
from tests.catalogue import movie

ALIEN, HEAT = f"Movie:{movie('alien')}", f"Movie:{movie('heat')}"


async def test_k90_k91_two_people_make_a_list_together_and_hear_of_each_other(
    served: Served, conninfo: str
) -> None:
    ann, ben = await served.sign_up("annabel"), await served.sign_up("benjamin")

    async def say(token: str, name: str, selection: str, **given: Any) -> Any:
        kind = f"{name[0].upper()}{name[1:]}Input!"
        document = f"mutation ($i: {kind}) {{ {name}(input: $i) {{ errors {{ code }} {selection} }} }}"
        payload = (await served.ask(document, token=token, variables={"i": given}))["data"][name]
        assert payload["errors"] == []
        return payload

    ben_id = (await served.ask("{ viewer { id } }", token=ben))["data"]["viewer"]["id"]
    made = await say(ann, "createList", "list { id link }", title="Of an evening", visibility="UNLISTED")
    which, link = made["list"]["id"], made["list"]["link"]
    await say(ann, "inviteToList", "", listId=which, userId=ben_id)
    await say(ben, "joinList", "", listId=which)
    await say(ann, "addToList", "", listId=which, movieId=ALIEN)
    items = "list { items { nodes { title } } }"
    added = await say(ben, "addToList", items, listId=which, movieId=HEAT, note="Long")
    assert added["list"]["items"]["nodes"] == [{"title": "Alien"}, {"title": "Heat"}]
    by_link = "query ($link: String!) { list(by: { link: $link }) { title items { nodes { title } } } }"
    found = await served.ask(by_link, variables={"link": link})
    assert found["data"]["list"] == {"title": "Of an evening", "items": added["list"]["items"]}
    by_id = f'{{ list(by: {{ id: "{which}" }}) {{ title }} node(id: "{which}") {{ id }} }}'
    assert (await served.ask(by_id))["data"] == {"list": None, "node": None}

    await say(ben, "setPrivacy", "", privacy="PUBLIC")
    await say(ann, "followUser", "", userId=ben_id)
    await say(ben, "writeReview", "", movieId=ALIEN, text="Loud.", stars=4)

    with connect(conninfo) as conn:
        catch_up(conn)
    feed = "{ viewer { feed { nodes { type actorName review { text } } } } }"
    assert (await served.ask(feed, token=ann))["data"]["viewer"]["feed"]["nodes"] == [
        {"type": "RATED", "actorName": "benjamin", "review": None},
        {"type": "REVIEWED", "actorName": "benjamin", "review": {"text": "Loud."}},
    ]
