"""What a person does with their chats: each mutation answers with the chat as it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from assistant.messages import purpose, record, take
from assistant.replies import answer
from database.ids import uuid7
from events.chats import (
    MESSAGE_LENGTH,
    SESSIONS_MOST,
    ChatSessionDeleted,
    ChatSessionStarted,
    MessageTooLong,
    TooManyChatSessions,
    UnknownChatSession,
)
from events.errors import Rejected
from events.idempotency import is_repeated, keep_key
from events.people import AccountErased
from events.person_locks import lock_people_async
from events.texts import TextMissing
from resolvers.context import Context
from resolvers.ids import text, uuid_of
from resolvers.interactions import Input, Payload, idempotency_key_of, refused, request_of, source_of

_session = uuid_of("ChatSession")

_COUNT = "select count(*) from chat_sessions where user_id = %s"
_START = "insert into chat_sessions (id, user_id, may_ask_model) select %s, id, %s from users where id = %s returning id"
_ALLOW = "update chat_sessions set may_ask_model = %s where id = %s and user_id = %s returning id"
_DELETE = "delete from chat_sessions where id = %s and user_id = %s returning id"
_CONVERSATION = """
select session_id, id, user_id, lower(role), text_sealed from chat_messages
 where session_id = any (%s) and user_id = %s and role <> 'TOOL' and state <> 'WRITING' order by session_id, number"""


async def start(context: Context, given: Input) -> Payload:
    """Begin a chat; said again with the same idempotency key it is the same chat."""
    viewer, key = context.require_viewer().id, idempotency_key_of(given)
    request = request_of("start_chat", given)
    session_id = uuid5(viewer, key) if key else uuid7()
    try:
        async with context.acting() as conn:
            await lock_people_async(conn, viewer)
            if not await is_repeated(conn, viewer, key, request):
                (count,) = await (await conn.execute(_COUNT, (viewer,))).fetchone() or (0,)
                if count >= SESSIONS_MOST:
                    raise TooManyChatSessions
                values = (session_id, given.get("mayAskModel") or False, viewer)
                if not await (await conn.execute(_START, values)).fetchone():
                    raise AccountErased
                fact = ChatSessionStarted(user_id=viewer, session_id=session_id)
                await keep_key(conn, viewer, key, request, [await record(conn, fact, source_of(given))])
    except Rejected as rejection:
        return refused(rejection, session=None)
    return {"errors": "[]", "session": str(session_id)}


async def allow_model(context: Context, given: Input) -> Payload:
    """Say whether a model outside may read and answer a chat."""
    session_id, viewer = UUID(_session(given["sessionId"])), context.require_viewer().id
    async with context.acting() as conn:
        values = (given["mayAskModel"], session_id, viewer)
        if not await (await conn.execute(_ALLOW, values)).fetchone():
            return refused(UnknownChatSession(), session=None)
    return {"errors": "[]", "session": str(session_id)}


async def send(context: Context, given: Input) -> Payload:
    """Take a message, and answer it: at once, or beside this request where a model outside is asked."""
    session_id = UUID(_session(given["sessionId"]))
    answering = context.services.answering
    context.require_viewer()
    try:
        said = text(given["text"]).strip()
        if not said:
            raise TextMissing(path=("text",))
        if len(said) > MESSAGE_LENGTH:
            raise MessageTooLong
        message_id, turn = await take(context, session_id, said, source_of(given), idempotency_key_of(given))
    except Rejected as rejection:
        return refused(rejection, session=str(session_id), message=None, reply=None)
    if turn:
        writing = answering.begin(answer(turn))
        if not (turn.may_ask_model and answering.outside):
            await asyncio.shield(writing)
    return {
        "errors": "[]",
        "session": str(session_id),
        "message": str(message_id),
        "reply": str(uuid5(message_id, "reply")),
    }


async def delete(context: Context, given: Input) -> Payload:
    """Delete a chat, with all that was said."""
    session_id, viewer = UUID(_session(given["sessionId"])), context.require_viewer().id
    async with context.acting() as conn:
        await lock_people_async(conn, viewer)
        if not await (await conn.execute(_DELETE, (session_id, viewer))).fetchone():
            return refused(UnknownChatSession())
        await record(conn, ChatSessionDeleted(user_id=viewer, session_id=session_id), source_of(given))
    context.services.answering.tell(session_id)
    return {"errors": "[]"}


async def texts(context: Context, rows: Sequence[Mapping[str, Any]]) -> Sequence[str | None]:
    """Return the texts of messages, each given with its id, owner and sealed bytes as PostgreSQL writes them."""
    sealed = [
        (UUID(row["owner"]), purpose(row["id"]), bytes.fromhex(row["sealed"].removeprefix("\\x")))
        for row in rows
    ]
    return await context.services.keys.open_many(context.pool, sealed)


async def conversations(
    context: Context, rows: Sequence[Mapping[str, Any]]
) -> Sequence[list[dict[str, str]]]:
    """Return what was said in chats of the viewer's, without what tools did."""
    viewer = context.require_viewer().id
    async with context.acting() as conn:
        found = await (await conn.execute(_CONVERSATION, ([row["id"] for row in rows], viewer))).fetchall()
    opened = await context.services.keys.open_many(
        context.pool, [(owner, purpose(message_id), sealed) for _, message_id, owner, _, sealed in found]
    )
    said: dict[str, list[dict[str, str]]] = {row["id"]: [] for row in rows}
    for (session_id, _, _, role, _), content in zip(found, opened, strict=True):
        said[str(session_id)].append({"role": role, "content": content or ""})
    return [said[row["id"]] for row in rows]
