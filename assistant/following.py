"""Answers as they are written, for those who follow a chat: from any process, and whole for who comes late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from assistant.messages import STALE, purpose
from events.chats import UnknownChatSession
from resolvers.answering import set_within
from resolvers.context import Context
from resolvers.errors import NotFound
from resolvers.ids import uuid_of
from resolvers.live import PAUSE_S

_session, _message = uuid_of("ChatSession"), uuid_of("ChatMessage")

SOON_S = 0.25
"""How often an answer is looked at that another process may be writing."""
LATER_S = 2.0
"""How often it is looked for a new one."""

# without a message to begin after: the answers that are not written yet
_BEGIN = """
select coalesce(
  (select m.number from chat_messages m where m.id = %(after)s and m.session_id = s.id),
  (select min(m.number) - 1 from chat_messages m where m.session_id = s.id and m.state = 'WRITING'),
  (select max(m.number) from chat_messages m where m.session_id = s.id), 0)
  from chat_sessions s where s.id = %(session)s and s.user_id = %(viewer)s"""
_ANSWERS = f"""
select m.id, m.number, m.text_sealed,
       m.state <> 'WRITING' or m.changed_at <= now() - {STALE}
  from chat_messages m
 where m.session_id = %(session)s and m.user_id = %(viewer)s and m.role = 'ASSISTANT' and m.number > %(after)s
 order by m.number limit 20"""
_IS_THERE = "select id from chat_sessions where id = %(session)s and user_id = %(viewer)s"


async def replies(
    context: Context, given: Mapping[str, Any]
) -> AsyncGenerator[Mapping[str, str | None], None]:
    """Yield each answer of a chat with what was written of it since it was last yielded; end with the chat.

    While the database is away it waits. Raises Unauthenticated, BadId, NotFound where there is no such chat of the viewer's.
    """
    viewer, session_id = context.require_viewer().id, UUID(_session(given["sessionId"]))
    after = UUID(_message(given["after"])) if given.get("after") else None
    values: dict[str, Any] = {"session": session_id, "viewer": viewer, "after": after}
    answering = context.services.answering
    listener = answering.listen(session_id)
    try:
        async with context.acting() as conn:
            began = await (await conn.execute(_BEGIN, values)).fetchone()
        if began is None:
            raise NotFound(UnknownChatSession().message)
        values["after"] = began[0]
        shown: dict[UUID, str] = {}
        while True:
            try:
                answers = await _answers(context, values)
            except (OperationalError, PoolTimeout):
                await asyncio.sleep(PAUSE_S)
                continue
            if answers is None:
                return
            for message_id, number, text, is_done in answers:
                part = text[len(shown.get(message_id, "")) :]
                shown[message_id] = text
                if is_done:
                    values["after"] = number
                    del shown[message_id]
                if part or is_done:
                    done = "true" if is_done else "false"
                    yield {"message": str(message_id), "part": part, "is_done": done}
            await set_within(listener, SOON_S if shown else LATER_S)
    finally:
        answering.forget(session_id, listener)


async def _answers(
    context: Context, values: Mapping[str, Any]
) -> Sequence[tuple[UUID, int, str, bool]] | None:
    """Return the answers behind a number, each with its text so far and whether that is all; None without the chat."""
    async with context.acting() as conn:
        rows = await (await conn.execute(_ANSWERS, values)).fetchall()
        if not rows and not await (await conn.execute(_IS_THERE, values)).fetchone():
            return None
    texts = await context.services.keys.open_many(
        context.pool, [(values["viewer"], purpose(row[0]), row[2]) for row in rows]
    )
    return [
        (message_id, number, text or "", is_done)
        for (message_id, number, _, is_done), text in zip(rows, texts, strict=True)
    ]
