"""That a person talks with the assistant, and no word of it: what is said is in tables, sealed."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Event, event

SESSIONS_MOST = 100
"""Chats of a person."""
MESSAGES_MOST = 200
"""Messages that a person may send in one chat."""
MESSAGES_A_MINUTE = 30
"""Messages that a person may send in all their chats."""
MESSAGE_LENGTH = 4_000
"""In characters."""


class ChatRole(StrEnum):
    """Who says something in a chat; TOOL is what the assistant looked up or did."""

    USER = "USER"
    ASSISTANT = "ASSISTANT"
    TOOL = "TOOL"


@event("chat_session_started")
class ChatSessionStarted(Event):
    """A person began a chat."""

    user_id: UUID
    movie_id = None
    session_id: UUID


@event("chat_message_appended")
class ChatMessageAppended(Event):
    """A person said something to the assistant, or was answered."""

    user_id: UUID
    movie_id = None
    session_id: UUID
    message_id: UUID
    role: ChatRole


@event("chat_session_deleted")
class ChatSessionDeleted(Event):
    """A person deleted a chat, with all that was said."""

    user_id: UUID
    movie_id = None
    session_id: UUID


class UnknownChatSession(Rejected):
    """You have no chat with this id."""

    code: ClassVar[str] = "UNKNOWN_CHAT_SESSION"
    path = ("sessionId",)


class TooManyChatSessions(Rejected):
    """You have 100 chats, which is as many as there can be. Delete one first."""

    code: ClassVar[str] = "TOO_MANY_CHAT_SESSIONS"


class ChatFull(Rejected):
    """You have sent 200 messages in this chat, which is as many as there can be. Start another one."""

    code: ClassVar[str] = "CHAT_FULL"
    path = ("sessionId",)


class ChatBusy(Rejected):
    """The assistant still writes its last answer of this chat. Send the message again when it is done."""

    code: ClassVar[str] = "CHAT_BUSY"
    path = ("sessionId",)


class TooManyMessages(Rejected):
    """You have sent 30 messages within a minute. Wait a moment."""

    code: ClassVar[str] = "TOO_MANY_MESSAGES"
    path = ("text",)


class MessageTooLong(Rejected):
    """A message has 4,000 characters at most."""

    code: ClassVar[str] = "MESSAGE_TOO_LONG"
    path = ("text",)
