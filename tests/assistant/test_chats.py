"""Chats as they are kept: sealed, each person's own, within limits, once for each key, and gone when they are deleted."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from database.connect import connect
from events.chats import MESSAGE_LENGTH, MESSAGES_A_MINUTE, MESSAGES_MOST, SESSIONS_MOST
from resolvers.interactions import KEY_MOST
from tests.assistant.talking import DELETE, SEND, START, Chat, codes, started
from tests.catalogue import person
from tests.world import World

SESSION = """query ($id: ID!) { chatSession(by: {id: $id}) { id mayAskModel conversation
  messages(first: 100) { totalCount nodes { id role text } } } }"""


def fetched(world: World, sql: str, *values: Any) -> list[Any]:
    with connect(world.conninfo) as conn:
        return conn.execute(sql, values).fetchall()


def run(world: World, sql: str, *values: Any) -> None:
    with connect(world.conninfo) as conn:
        conn.execute(sql, values)


def key_of(global_id: str) -> UUID:
    return UUID(global_id.partition(":")[2])


async def test_k85_a_conversation_is_kept_in_order(world: World) -> None:
    chat = await started(world)
    answers = [(await chat.say(said))[0] for said in ("Heat", "I loved it")]
    kept = (await world.data(SESSION, {"id": chat.id}, by="alice"))["chatSession"]
    assert kept["conversation"] == [
        {"role": "user", "content": "Heat"},
        {"role": "assistant", "content": answers[0]},
        {"role": "user", "content": "I loved it"},
        {"role": "assistant", "content": answers[1]},
    ]
    said = [(node["role"], node["text"]) for node in kept["messages"]["nodes"]]
    assert [role for role, _ in said] == ["USER", "TOOL", "ASSISTANT"] * 2
    assert '"tool":"react_to_movie"' in said[4][1]
    assert kept["messages"]["totalCount"] == 6


async def test_messages_and_chats_come_in_pages(world: World) -> None:
    chats = [await started(world) for _ in range(3)]
    await chats[0].say("Heat")
    query = """query ($a: String) { viewer { chatSessions(first: 2, after: $a) {
      pageInfo { endCursor } nodes { id } } } }"""
    first = (await world.data(query, by="alice"))["viewer"]["chatSessions"]
    assert [node["id"] for node in first["nodes"]] == [chats[2].id, chats[1].id]
    rest = await world.data(query, {"a": first["pageInfo"]["endCursor"]}, by="alice")
    assert [node["id"] for node in rest["viewer"]["chatSessions"]["nodes"]] == [chats[0].id]
    last = "query ($id: ID!) { chatSession(by: {id: $id}) { messages(last: 1) { nodes { role } } } }"
    found = (await world.data(last, {"id": chats[0].id}, by="alice"))["chatSession"]
    assert found["messages"]["nodes"] == [{"role": "ASSISTANT"}]


async def test_k85_nothing_of_a_text_is_in_the_database_in_the_clear(world: World) -> None:
    chat = await started(world)
    word = "zanzibarquokka"
    await chat.say(f"movies with {word} please", idempotencyKey="one")
    await chat.say(f"rate {word} 4 stars")
    tables = fetched(world, "select table_name from information_schema.tables where table_schema = 'public'")
    assert len(tables) > 30
    for (table,) in tables:
        found = fetched(
            world,
            f'select count(*) from "{table}" t where t::text ilike any (%s)',
            [f"%{word}%", f"%{word.encode().hex()}%"],
        )
        assert found == [(0,)], table
    events = fetched(world, "select data from events where type like 'chat_%%' order by position")
    assert {name for (data,) in events for name in data} == {"session_id", "message_id", "role"}
    assert [data.get("role") for (data,) in events] == [None, "USER", "ASSISTANT", "USER", "ASSISTANT"]


async def test_k85_a_destroyed_key_leaves_no_word_of_a_chat(world: World) -> None:
    chat = await started(world)
    await chat.say("Heat")
    with connect(world.conninfo) as conn:
        world.services.keys.destroy(conn, person("alice"))
    kept = (await world.data(SESSION, {"id": chat.id}, by="alice"))["chatSession"]
    assert [message["content"] for message in kept["conversation"]] == ["", ""]
    assert [node["text"] for node in kept["messages"]["nodes"]] == [None, None, None]
    assert codes(await chat.send("Heat")) == ["ACCOUNT_ERASED"]


async def test_a_text_opens_in_its_own_row_only(world: World) -> None:
    chat = await started(world)
    await chat.say("Heat")
    run(
        world,
        "update chat_messages m set text_sealed = (select o.text_sealed from chat_messages o where o.role = 'USER')"
        " where m.role = 'ASSISTANT'",
    )
    answer = await world.ask(SESSION, {"id": chat.id}, by="alice")
    assert answer["data"]["chatSession"]["conversation"] is None
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INTERNAL_ERROR"}


async def test_k85_a_chat_is_its_owners_alone(world: World) -> None:
    chat = await started(world)
    sent = await chat.send("Heat")
    ids = [chat.id, sent["message"]["id"], sent["reply"]["id"]]
    nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } chatSession(by: {id: %s}) { id } }"
    query = nodes % f'"{chat.id}"'
    assert (await world.data(query, {"ids": ids}, by="alice"))["nodes"] == [{"id": each} for each in ids]
    for other in ("bob", "adam", "ann", "olga", None):
        found = await world.data(query, {"ids": ids}, by=other)
        assert found == {"nodes": [None, None, None], "chatSession": None}
    bob = Chat(world, chat.id, "bob")
    assert codes(await bob.send("rate Heat 1 star")) == ["UNKNOWN_CHAT_SESSION"]
    deleted = await world.data(DELETE, {"i": {"sessionId": chat.id}}, by="bob")
    assert codes(deleted["deleteChatSession"]) == ["UNKNOWN_CHAT_SESSION"]
    allow = "mutation ($i: AllowChatModelInput!) { allowChatModel(input: $i) { errors { code } session { mayAskModel } } }"
    given = {"i": {"sessionId": chat.id, "mayAskModel": True}}
    assert codes((await world.data(allow, given, by="bob"))["allowChatModel"]) == ["UNKNOWN_CHAT_SESSION"]
    allowed = (await world.data(allow, given, by="alice"))["allowChatModel"]
    assert allowed == {"errors": [], "session": {"mayAskModel": True}}
    assert fetched(world, "select count(*) from chat_messages where user_id <> %s", person("alice")) == [(0,)]


@pytest.mark.parametrize("document", [START, SEND, DELETE])
async def test_strangers_cannot_talk(world: World, document: str) -> None:
    given: dict[str, Any] = {"sessionId": f"ChatSession:{UUID(int=1)}", "text": "Heat"}
    taken = {START: (), SEND: ("sessionId", "text"), DELETE: ("sessionId",)}[document]
    answer = await world.ask(document, {"i": {name: given[name] for name in taken}})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    "wrong", ["nothing", f"Movie:{UUID(int=1)}", "ChatSession:1", f"ChatSession:{UUID(int=1)}' or 1=1"]
)
async def test_what_is_no_id_of_a_chat_is_refused(world: World, wrong: str) -> None:
    answer = await world.ask(SEND, {"i": {"sessionId": wrong, "text": "Heat"}}, by="alice")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_ID"]


async def test_texts_have_a_length(world: World) -> None:
    chat = await started(world)
    assert codes(await chat.send("x" * MESSAGE_LENGTH)) == []
    assert codes(await chat.send("x" * (MESSAGE_LENGTH + 1))) == ["MESSAGE_TOO_LONG"]
    assert codes(await chat.send(" \n ")) == ["TEXT_MISSING"]
    for text in ("a\x00b", "\ud800"):
        answer = await world.ask(SEND, {"i": {"sessionId": chat.id, "text": text}}, by="alice")
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def _fill(world: World, chat: Chat, messages: int, *, ago: str) -> None:
    run(
        world,
        "insert into chat_messages (id, session_id, user_id, number, role, text_sealed, created_at)"
        " select gen_random_uuid(), %s, %s, n, 'USER', '', now() - %s::interval from generate_series(1, %s) n",
        key_of(chat.id),
        person(chat.by),
        ago,
        messages,
    )


async def test_a_chat_has_room_for_so_many_messages(world: World) -> None:
    chat = await started(world)
    await _fill(world, chat, MESSAGES_MOST - 1, ago="1 hour")
    assert codes(await chat.send("Heat")) == []
    assert codes(await chat.send("Heat")) == ["CHAT_FULL"]
    assert codes(await (await started(world)).send("Heat")) == []


async def test_a_person_sends_so_many_messages_a_minute_in_all_chats(world: World) -> None:
    await _fill(world, await started(world), MESSAGES_A_MINUTE - 1, ago="30 seconds")
    chat = await started(world)
    assert codes(await chat.send("Heat")) == []
    assert codes(await chat.send("Heat")) == ["TOO_MANY_MESSAGES"]
    assert codes(await (await started(world, "bob")).send("Heat")) == []
    run(world, "update chat_messages set created_at = created_at - interval '31 seconds'")
    assert codes(await chat.send("Heat")) == []


async def test_a_person_has_so_many_chats(world: World) -> None:
    run(
        world,
        "insert into chat_sessions (id, user_id, may_ask_model)"
        " select gen_random_uuid(), %s, false from generate_series(1, %s)",
        person("alice"),
        SESSIONS_MOST - 1,
    )
    chat = await started(world)
    refused = (await world.data(START, {"i": {}}, by="alice"))["startChat"]
    assert codes(refused) == ["TOO_MANY_CHAT_SESSIONS"]
    await world.data(DELETE, {"i": {"sessionId": chat.id}}, by="alice")
    await started(world)


async def test_a_key_is_answered_as_the_first_time(world: World) -> None:
    chats = [await started(world, idempotencyKey="start") for _ in range(2)]
    assert chats[0].id == chats[1].id
    chat, key = chats[0], "k" * KEY_MOST
    first = await chat.send("rate Heat 4 stars", idempotencyKey=key)
    assert await chat.send("rate Heat 4 stars", idempotencyKey=key) == first
    assert codes(await chat.send("rate Heat 3 stars", idempotencyKey=key)) == ["IDEMPOTENCY_KEY_REUSED"]
    assert codes(await chat.send("rate Heat 3 stars", idempotencyKey="start")) == ["IDEMPOTENCY_KEY_REUSED"]
    bob = await started(world, "bob", idempotencyKey="start")
    assert bob.id != chat.id
    assert (await bob.send("rate Heat 4 stars", idempotencyKey=key))["message"]["id"] != first["message"][
        "id"
    ]


async def test_the_same_message_at_the_same_moment_is_taken_once(world: World) -> None:
    chat = await started(world)
    sent = await asyncio.gather(*(chat.send("I watched Fargo", idempotencyKey="once") for _ in range(5)))
    assert len({payload["message"]["id"] for payload in sent}) == 1
    assert (await chat.say("what did I watch"))[0].startswith("2 movies")
    watched = "select count(*) from events where type = 'movie_watched' and source = 'web' and causation_id is not null"
    assert fetched(world, watched) == [(1,)]


async def test_a_message_waits_for_the_answer_before_it(world: World) -> None:
    chat = await started(world)
    first = await chat.send("I watched Fargo", idempotencyKey="first")
    # as if the server had ended before it kept the answer, but after it did what it was told
    unfinished = (
        "update chat_messages set state = 'WRITING', answerer = null, changed_at = now() - %s::interval"
        " where id = %s"
    )
    reply = key_of(first["reply"]["id"])
    run(world, unfinished, "1 minute", reply)
    assert codes(await chat.send("Heat")) == ["CHAT_BUSY"]
    repeated = await chat.send("I watched Fargo", idempotencyKey="first")
    assert repeated["reply"]["state"] == "WRITING"
    run(world, unfinished, "3 minutes", reply)
    query = "query ($id: ID!) { node(id: $id) { ... on ChatMessage { state } } }"
    stale = await world.data(query, {"id": first["reply"]["id"]}, by="alice")
    assert stale["node"] == {"state": "FAILED"}
    assert codes(await chat.send("Heat")) == []
    assert await chat.send("I watched Fargo", idempotencyKey="first") == first
    watched = "select count(*) from events where type = 'movie_watched' and causation_id is not null"
    assert fetched(world, watched) == [(1,)]


async def test_a_deleted_chat_is_gone_and_what_was_done_in_it_stays(world: World) -> None:
    chat = await started(world)
    await chat.say("rate Toy Story 4 stars", idempotencyKey="one")
    deleted = await world.data(DELETE, {"i": {"sessionId": chat.id}}, by="alice")
    assert codes(deleted["deleteChatSession"]) == []
    assert (await world.data(SESSION, {"id": chat.id}, by="alice"))["chatSession"] is None
    assert fetched(
        world, "select (select count(*) from chat_messages), (select count(*) from chat_sessions)"
    ) == [(0, 0)]
    assert codes(await chat.send("Heat")) == ["UNKNOWN_CHAT_SESSION"]
    again = await world.data(DELETE, {"i": {"sessionId": chat.id}}, by="alice")
    assert codes(again["deleteChatSession"]) == ["UNKNOWN_CHAT_SESSION"]
    assert "Toy Story" in (await (await started(world)).say("what did I rate"))[1]
    last = fetched(world, "select type from events where type like 'chat%%' order by position")
    assert [name for (name,) in last].count("chat_session_deleted") == 1


async def test_an_account_that_is_removed_takes_its_chats_along(world: World) -> None:
    chat = await started(world)
    await chat.say("Heat")
    run(world, "delete from users where id = %s", person("alice"))
    assert fetched(world, "select count(*) from chat_messages") == [(0,)]
    assert codes(await chat.send("Heat")) == ["UNKNOWN_CHAT_SESSION"]
    assert codes((await world.data(START, {"i": {}}, by="alice"))["startChat"]) == ["ACCOUNT_ERASED"]
