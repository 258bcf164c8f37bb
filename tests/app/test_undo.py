"""Lists and followers, and what is taken back of them, over HTTP as two clients do it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.serving import Served
from tests.catalogue import movie
from tests.privacy.test_over_http import Person

ALIEN, HEAT, FARGO = (f"Movie:{movie(key)}" for key in ("alien", "heat", "fargo"))
LIST = "title description visibility link items { edges { note node { title } } }"
CHANGES: dict[str, dict[str, Any]] = {
    "moveInList": {"movieId": FARGO},
    "noteInList": {"movieId": HEAT, "note": None},
    "addToList": {"movieId": FARGO, "afterMovieId": ALIEN},
    "removeFromList": {"movieId": HEAT},
    "updateList": {"title": "Of a day", "visibility": "UNLISTED"},
    "deleteList": {},
}


async def seen(person: Person, which: str) -> Any:
    return (await person.ask(f'{{ list(by: {{ id: "{which}" }}) {{ {LIST} }} }}'))["list"]


async def newest(person: Person) -> str:
    found = await person.ask("{ viewer { history(first: 1) { nodes { id } } } }")
    return str(found["viewer"]["history"]["nodes"][0]["id"])


@pytest.mark.parametrize("what", CHANGES)
async def test_k82_a_change_of_a_list_is_taken_back(served: Served, what: str) -> None:
    ada = Person(served, await served.sign_up("ada"))
    made = await ada.does("createList", "list { id }", title="Of an evening", description="By the fire")
    which = made["list"]["id"]
    films = [ALIEN, HEAT] if what == "addToList" else [ALIEN, HEAT, FARGO]
    for film in films:
        await ada.does("addToList", listId=which, movieId=film, note="Seen twice")
    before = await seen(ada, which)
    await ada.does(what, listId=which, **CHANGES[what])
    assert await seen(ada, which) != before
    payload = await ada.does("undo", f"list {{ {LIST} }}", eventId=await newest(ada))
    assert payload["list"] == await seen(ada, which) == before


async def test_k82_a_follower_who_was_removed_follows_again(served: Served) -> None:
    ada, eve = Person(served, await served.sign_up("ada")), Person(served, await served.sign_up("eve"))
    await ada.does("setPrivacy", privacy="PUBLIC")
    me = {
        one: (await each.ask("{ viewer { id } }"))["viewer"]["id"]
        for one, each in (("ada", ada), ("eve", eve))
    }
    await eve.does("followUser", userId=me["ada"])
    await ada.does("removeFollower", userId=me["eve"])
    query = '{ person(by: { username: "ada" }) { viewerFollow } }'
    assert await eve.ask(query) == {"person": {"viewerFollow": None}}
    await ada.does("undo", eventId=await newest(ada))
    assert await eve.ask(query) == {"person": {"viewerFollow": "FOLLOWING"}}
