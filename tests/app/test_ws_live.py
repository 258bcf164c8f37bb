"""Subscriptions over a socket: who sees what, from where, without gap or repetition, and what is left behind."""

from __future__ import annotations

import asyncio

from database.connect import connect as connect_database
from projections.follow import catch_up
from tests.app.following import LIVE, PROGRESS, idle, view
from tests.app.serving import ALIVE, Served, Socket, answered
from tests.catalogue import genre, person
from tests.world import access_token


async def follow(socket: Socket, key: str, after: int) -> None:
    """Follow one's own actions from a position."""
    await socket.subscribe(key, LIVE, {"after": after})


async def position(socket: Socket) -> tuple[str, int]:
    """Return the operation and position of the next event."""
    message = await socket.receive()
    assert message["type"] == "next", message
    return message["id"], message["payload"]["data"]["interactions"]["position"]


async def test_every_socket_and_operation_of_a_person_gets_each_event(served: Served) -> None:
    token = access_token("carol")
    start = await view(served, token)
    async with served.socket(token) as phone, served.socket(token) as laptop:
        for socket in (phone, laptop):
            await follow(socket, "a", start)
        await follow(phone, "b", start)
        for _ in range(3):
            at = await view(served, token)
            assert {await position(phone), await position(phone)} == {("a", at), ("b", at)}
            assert await position(laptop) == ("a", at)
    await idle(served)


async def test_nobody_hears_of_what_others_do(served: Served) -> None:
    carol, bob = access_token("carol"), access_token("bob")
    async with served.socket(carol) as socket:
        await follow(socket, "live", await view(served, carol))
        others = [await view(served, bob) for _ in range(20)]
        mine = await view(served, carol)
        assert mine > max(others)
        assert await position(socket) == ("live", mine)


async def test_what_is_done_with_lists_people_and_genres_is_heard_of_in_order(
    served: Served, conninfo: str
) -> None:
    token = access_token("carol")
    start = await view(served, token)
    choose = f'mutation {{ setFavoriteGenres(input: {{genreIds: ["Genre:{genre("Horror")}"]}}) {{ errors {{ code }} }} }}'
    make = 'mutation { createList(input: {title: "Of an evening"}) { errors { code } } }'
    follow_ = f'mutation {{ followUser(input: {{userId: "User:{person("bob")}"}}) {{ errors {{ code }} }} }}'
    with connect_database(conninfo) as conn:
        conn.execute("update users set privacy = 'PUBLIC' where id = %s", (person("bob"),))
    async with served.socket(token) as socket:
        await follow(socket, "live", start)
        for document in (choose, make, follow_):
            assert list((await served.ask(document, token=token))["data"].values()) == [{"errors": []}]
        found = [await position(socket) for _ in range(3)]
    with connect_database(conninfo) as conn:
        own = conn.execute(
            "select position, type from history where user_id = %s and position > %s order by position",
            (person("carol"), start),
        ).fetchall()
    assert [kind for _, kind in own] == ["favorite_genres_chosen", "list_created", "user_followed"]
    assert found == [("live", at) for at, _ in own]
    async with served.socket(token) as socket:  # what was missed comes first
        await follow(socket, "late", start)
        assert [await position(socket) for _ in range(3)] == [("late", at) for at, _ in own]


async def test_without_a_position_a_subscription_begins_now(served: Served) -> None:
    token = access_token("carol")
    await view(served, token, "heat")
    async with served.socket(token) as socket:
        await socket.subscribe("live", LIVE)
        first = asyncio.create_task(socket.receive())
        written: list[int] = []
        while not first.done():  # nothing says that it has begun
            written.append(await view(served, token, "alien"))
        message = await first
        at = message["payload"]["data"]["interactions"]["position"]
        expected = {"position": at, "type": "movie_viewed", "movie": {"title": "Alien"}}
        assert message == {
            "type": "next",
            "id": "live",
            "payload": answered({"interactions": expected}, 2),
        }
        later = written[written.index(at) + 1 :]
        assert [await position(socket) for _ in later] == [("live", each) for each in later]


async def test_a_person_who_begins_at_nought_gets_everything_there_is(served: Served) -> None:
    async with served.socket(access_token("alice")) as socket:
        await follow(socket, "live", 0)
        seen = [await position(socket) for _ in range(24)]
        positions = [at for _, at in seen]
        assert positions == sorted(set(positions))
        at = await view(served, access_token("alice"))
        assert await position(socket) == ("live", at)


async def test_a_subscription_resumes_from_a_position_without_gap_or_repetition(served: Served) -> None:
    token = access_token("carol")
    start = await view(served, token)
    written: list[int] = []

    async def go_on() -> None:
        for _ in range(32):
            written.append(await view(served, token))

    acting = asyncio.create_task(go_on())
    seen = [start]
    while not acting.done() or seen[-1] != written[-1]:
        async with served.socket(token) as socket:
            await follow(socket, "live", seen[-1])
            for _ in range(4):
                if acting.done() and seen[-1] == written[-1]:
                    break
                seen.append((await position(socket))[1])
    await acting
    assert seen == [start, *written]


async def test_many_writers_leave_no_gap_and_nothing_twice(served: Served) -> None:
    token = access_token("carol")
    start = await view(served, token)
    async with served.socket(token) as socket:
        await follow(socket, "live", start)
        written = await asyncio.gather(
            *(
                view(served, access_token(by), key)
                for key in ("heat", "alien", "fargo")
                for by in ("carol", "bob", "carol") * 8
            )
        )
        mine = sorted(written[index] for index in range(len(written)) if index % 3 != 1)
        assert [(await position(socket))[1] for _ in mine] == mine
        after = await view(served, token)
        assert await position(socket) == ("live", after)


async def test_a_subscription_takes_aliases_fragments_and_variables(served: Served) -> None:
    token = access_token("carol")
    start = await view(served, token)
    query = """subscription S($after: Position, $more: Boolean!) { act: interactions(after: $after) { ...E } }
    fragment E on Event { type movie @include(if: $more) {
      title viewerState { watchCount } similar(first: 1) { nodes { title } }
    } }"""
    async with served.socket(token) as socket:
        await socket.subscribe("yes", query, {"after": start, "more": True})
        await socket.subscribe("no", query, {"after": start, "more": False})
        await view(served, token, "alien")
        messages = [await socket.receive(), await socket.receive()]
        found = {message["id"]: message["payload"]["data"]["act"] for message in messages}
        assert found["no"] == {"type": "movie_viewed"}
        assert found["yes"]["movie"] == {
            "title": "Alien",
            "viewerState": {"watchCount": 0},
            "similar": {"nodes": [{"title": "The Thing"}]},
        }


async def test_complete_stops_the_stream_and_frees_the_id(served: Served) -> None:
    token = access_token("carol")
    async with served.socket(token) as socket:
        for _ in range(3):
            start = await view(served, token)
            await follow(socket, "same", start)
            at = await view(served, token)
            assert await position(socket) == ("same", at)
            await socket.send(type="complete", id="same")
        await view(served, token)
        await socket.send(type="complete", id="never began")
        await socket.send(type="pong")
        await socket.send(type="ping", payload={"a": 1})
        assert await socket.receive() == {"type": "pong"}
        await idle(served)


async def test_a_client_that_vanishes_leaves_nothing_behind(served: Served) -> None:
    token = access_token("carol")
    for _ in range(3):
        async with served.socket(token) as socket:
            for key in "abc":
                await follow(socket, key, 0)
            await socket.subscribe("d", LIVE)
            assert (await socket.receive())["type"] == "next"
            socket.raw.transport.abort()
    await idle(served)
    assert await served.ask("{ __typename }") == ALIVE


async def test_operators_see_projections_move(served: Served, conninfo: str) -> None:
    async with served.socket(access_token("olga")) as socket:
        await socket.subscribe("p", PROGRESS)
        first = (await socket.receive())["payload"]["data"]["projectionProgress"]
        assert [entry["name"] for entry in first] == sorted(entry["name"] for entry in first)
        assert all(entry["lag"]["events"] == 0 and entry["status"] == "LIVE" for entry in first)
        await view(served, access_token("carol"))
        with connect_database(conninfo) as conn:
            catch_up(conn)
        moved = (await socket.receive())["payload"]["data"]["projectionProgress"]
        assert [entry["name"] for entry in moved] == [entry["name"] for entry in first]
        rebuild = 'mutation { rebuildProjection(input: { name: "favorites" }) { errors { code } } }'
        await served.ask(rebuild, token=access_token("olga"))
        while True:
            entries = (await socket.receive())["payload"]["data"]["projectionProgress"]
            if {"name": "favorites", "status": "REBUILDING", "lag": {"events": 0}} in entries:
                break
        await socket.send(type="complete", id="p")
    await idle(served)
