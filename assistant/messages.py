"""Chats and what is said in them, as tables: read and written for their owner only, every text under the owner's key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import orjson
from psycopg import AsyncConnection

from accounts.keys import DataKey
from accounts.sealed_columns import CHAT_MESSAGE
from database.ids import uuid7
from events.chats import (
    MESSAGES_A_MINUTE,
    MESSAGES_MOST,
    ChatBusy,
    ChatFull,
    ChatMessageAppended,
    ChatRole,
    TooManyMessages,
    UnknownChatSession,
)
from events.idempotency import is_repeated, keep_key
from events.log import Source
from events.person_locks import lock_people_async
from events.record import append_alone
from projections.registry import fold_inline
from resolvers.context import Context

Conn = AsyncConnection[Any]

TOOLS_MOST = 8
"""What the assistant may look up or do for one message."""
STALE = "interval '2 minutes'"
"""An answer that nobody has written at for so long is given up: its server ended."""
_REMEMBERED = 60
"""Messages, those of tools among them, that an answer is given in view of."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message, opened; its movies are in the order in which they were named."""

    role: ChatRole
    text: str
    movie_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that is to be answered, and who sent it."""

    context: Context
    session_id: UUID
    message_id: UUID
    number: int
    cause_id: UUID
    text: str
    source: Source
    may_ask_model: bool

    @property
    def reply_id(self) -> UUID:
        """The message that the answer is written into; there already."""
        return uuid5(self.message_id, "reply")

    @property
    def user_id(self) -> UUID:
        """Whose chat it is."""
        return self.context.require_viewer().id


def purpose(message_id: UUID | str) -> str:
    """Return what a message's text is sealed for: it opens in its own row only."""
    return CHAT_MESSAGE.format(id=message_id)


_SESSION = f"""
select s.may_ask_model, coalesce(max(m.number), 0), count(*) filter (where m.role = 'USER'),
       coalesce(bool_or(m.state = 'WRITING' and m.changed_at > now() - {STALE}), false),
       (select count(*) from chat_messages l
         where l.user_id = s.user_id and l.role = 'USER' and l.created_at > now() - interval '1 minute')
  from chat_sessions s left join chat_messages m on m.session_id = s.id
 where s.id = %s and s.user_id = %s group by s.id"""
_APPEND = """
insert into chat_messages (id, session_id, user_id, number, role, text_sealed, state, cause_id)
values (%(id)s, %(session)s, %(user)s, %(number)s, 'USER', %(sealed)s, 'DONE', %(cause)s),
       (%(reply)s, %(session)s, %(user)s, %(after)s, 'ASSISTANT', %(empty)s, 'WRITING', %(cause)s)"""
_CLAIM = f"""
update chat_messages reply set changed_at = now()
  from chat_messages m join chat_sessions s on s.id = m.session_id
 where m.id = %s and m.user_id = %s and reply.id = %s and reply.state = 'WRITING'
   and reply.changed_at <= now() - {STALE}
returning m.number, m.cause_id, s.may_ask_model"""
_TOOL = """
insert into chat_messages (id, session_id, user_id, number, role, text_sealed, movie_ids, cause_id)
select %(id)s, s.id, s.user_id, %(number)s, 'TOOL', %(sealed)s, %(movies)s, %(cause)s
  from chat_sessions s where s.id = %(session)s and s.user_id = %(user)s
on conflict (id) do update set text_sealed = excluded.text_sealed, movie_ids = excluded.movie_ids"""
_WRITE = "update chat_messages set text_sealed = %s, changed_at = now() where id = %s and state = 'WRITING'"
_FINISH = """
update chat_messages set text_sealed = %s, movie_ids = %s, state = %s, answerer = %s, changed_at = now()
 where id = %s and state = 'WRITING' returning id"""
_BEFORE = f"""
select id, role, text_sealed, movie_ids from chat_messages
 where session_id = %s and user_id = %s and number < %s and state <> 'WRITING'
 order by number desc limit {_REMEMBERED}"""


async def record(conn: Conn, fact: Any, source: Source) -> UUID:
    """Append a fact in the caller's transaction, and return its event's id."""
    statement, values = append_alone([fact], fold_inline, source=source)
    await conn.execute(statement, values)
    event_id: UUID = values["ids"][0]
    return event_id


async def take(
    context: Context, session_id: UUID, text: str, source: Source, key: str | None
) -> tuple[UUID, Turn | None]:
    """Keep a message and an empty answer to it; return its id, and the turn unless it was taken before.

    One that was taken before, and whose server ended before it was answered, is to be answered now. Raises
    UnknownChatSession, ChatFull, ChatBusy, TooManyMessages, IdempotencyKeyReused, AccountErased.
    """
    viewer, data_key = context.require_viewer().id, await _data_key(context)
    message_id = uuid5(viewer, key) if key else uuid7()
    reply_id = uuid5(message_id, "reply")
    # the words themselves are nowhere but in the message
    request = f"send_chat_message {session_id} {data_key.digest('chat request', text).hex()}"
    async with context.acting() as conn:
        await lock_people_async(conn, viewer)
        if await is_repeated(conn, viewer, key, request):
            claimed = await (await conn.execute(_CLAIM, (message_id, viewer, reply_id))).fetchone()
            if not claimed:
                return message_id, None
            number, cause_id, may_ask = claimed
        else:
            may_ask, number = await _room(conn, session_id, viewer)
            appended = ChatMessageAppended(
                user_id=viewer, session_id=session_id, message_id=message_id, role=ChatRole.USER
            )
            cause_id = await record(conn, appended, source)
            row = {
                "id": message_id,
                "session": session_id,
                "user": viewer,
                "number": number,
                "sealed": data_key.seal(purpose(message_id), text),
                "reply": reply_id,
                "after": number + TOOLS_MOST + 1,
                "empty": data_key.seal(purpose(reply_id), ""),
                "cause": cause_id,
            }
            await conn.execute(_APPEND, row)
            await keep_key(conn, viewer, key, request, [cause_id])
    return message_id, Turn(context, session_id, message_id, number, cause_id, text, source, may_ask)


async def _room(conn: Conn, session_id: UUID, viewer: UUID) -> tuple[bool, int]:
    """Return whether the session's messages may leave the house, and the next number in it."""
    found = await (await conn.execute(_SESSION, (session_id, viewer))).fetchone()
    if not found:
        raise UnknownChatSession
    may_ask, last, sent, is_busy, lately = found
    if is_busy:
        raise ChatBusy
    if sent >= MESSAGES_MOST:
        raise ChatFull
    if lately >= MESSAGES_A_MINUTE:
        raise TooManyMessages
    return may_ask, last + 1


async def before(turn: Turn) -> Sequence[Said]:
    """Return what was said before a message, the oldest first."""
    async with turn.context.acting() as conn:
        values = (turn.session_id, turn.user_id, turn.number)
        rows = (await (await conn.execute(_BEFORE, values)).fetchall())[::-1]
    texts = await turn.context.services.keys.open_many(
        turn.context.pool, [(turn.user_id, purpose(row[0]), row[2]) for row in rows]
    )
    return [
        Said(ChatRole(role), text or "", tuple(movie_ids))
        for (_, role, _, movie_ids), text in zip(rows, texts, strict=True)
    ]


async def note_tool(turn: Turn, step: int, note: Any, movie_ids: Sequence[UUID]) -> None:
    """Keep what a tool did: its number `step`, from 1 on."""
    message_id = uuid5(turn.message_id, str(step))
    row = {
        "id": message_id,
        "session": turn.session_id,
        "user": turn.user_id,
        "number": turn.number + step,
        "sealed": (await _data_key(turn.context)).seal(purpose(message_id), orjson.dumps(note).decode()),
        "movies": list(movie_ids),
        "cause": turn.cause_id,
    }
    async with turn.context.acting() as conn:
        await conn.execute(_TOOL, row)
    turn.context.services.answering.tell(turn.session_id)


async def write(turn: Turn, text: str) -> None:
    """Show an answer as far as it is written."""
    sealed = (await _data_key(turn.context)).seal(purpose(turn.reply_id), text)
    async with turn.context.acting() as conn:
        await conn.execute(_WRITE, (sealed, turn.reply_id))
    turn.context.services.answering.tell(turn.session_id)


async def finish(
    turn: Turn, text: str, movie_ids: Sequence[UUID], answerer: str, *, state: str = "DONE"
) -> None:
    """End an answer, unless its session was deleted meanwhile."""
    sealed = (await _data_key(turn.context)).seal(purpose(turn.reply_id), text)
    async with turn.context.acting() as conn:
        values = (sealed, list(movie_ids), state, answerer, turn.reply_id)
        if await (await conn.execute(_FINISH, values)).fetchone():
            fact = ChatMessageAppended(
                user_id=turn.user_id,
                session_id=turn.session_id,
                message_id=turn.reply_id,
                role=ChatRole.ASSISTANT,
            )
            await record(conn, fact, Source.SYSTEM)
    turn.context.services.answering.tell(turn.session_id)


async def _data_key(context: Context) -> DataKey:
    """Return the viewer's key. Raises AccountErased."""
    viewer = context.require_viewer().id
    return (await context.services.keys.get(context.pool, [viewer], make=True))[viewer]
