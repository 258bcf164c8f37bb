"""What an erased person did in something of another's stays, and is nobody's."""

from __future__ import annotations

from uuid import UUID

from resolvers.ids import split_id
from tests.app.serving import serving
from tests.privacy.test_over_http import HEAT, KNOWN, PASSWORD, PRIVATE, Person, everything, holding, left_of


async def test_k90_k100_a_movie_that_they_put_on_anothers_list_is_there_and_nobody_put_it(
    conninfo: str,
) -> None:
    async with serving(conninfo) as served:
        one, other = [Person(served, await served.sign_up(name)) for name in ("gwendolen", "horatio")]
        user_id = (await one.ask("{ viewer { id } }"))["viewer"]["id"]
        shared = (await other.does("createList", "list { id }", title="Shared"))["list"]["id"]
        await other.does("inviteToList", listId=shared, userId=user_id)
        await one.does("joinList", listId=shared)
        await one.does("addToList", listId=shared, movieId=HEAT, note=PRIVATE["note"])
        asked = f'{{ list(by: {{ id: "{shared}" }}) {{ items {{ edges {{ note addedByName node {{ id }} }} }} }} }}'
        (item,) = (await other.ask(asked))["list"]["items"]["edges"]
        assert item == {"note": PRIVATE["note"], "addedByName": "gwendolen", "node": {"id": HEAT}}

        await one.does("eraseAccount", password=PASSWORD)
        (item,) = (await other.ask(asked))["list"]["items"]["edges"]
        assert item == {"note": None, "addedByName": None, "node": {"id": HEAT}}
    found = everything(conninfo)
    assert not holding(found, PRIVATE["note"])
    assert left_of(found, UUID(split_id(user_id)[1])) <= KNOWN
