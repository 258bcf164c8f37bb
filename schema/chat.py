"""What a person and the assistant say to each other; nobody else ever sees it."""

from collections.abc import AsyncGenerator
from datetime import datetime
from enum import Enum

import strawberry

from assistant.following import replies
from assistant.messages import STALE
from assistant.sessions import conversations, texts
from events.chats import ChatRole
from resolvers.ids import uuid_of
from resolvers.mapping import Filter, Key, Lookup, Many, One, Page, Python, Stream
from schema.fields import column, connection, mapped
from schema.movies import Movie
from schema.nodes import Node
from schema.scalars import Data

strawberry.enum(
    ChatRole, description="Who says something in a chat; TOOL is what the assistant looked up or did."
)
CHAT_OWN = "{t}.user_id = {viewer}"


@strawberry.enum(description="How far a message is.")
class ChatMessageState(Enum):
    WRITING = strawberry.enum_value("WRITING", description="It is being written: follow `chatReplies`.")
    DONE = strawberry.enum_value("DONE", description="It is whole.")
    FAILED = strawberry.enum_value("FAILED", description="It could not be written; ask again.")


@strawberry.enum(description="What wrote an answer.")
class ChatAnswerer(Enum):
    ASSISTANT = strawberry.enum_value("ASSISTANT", description="This server.")
    MODEL = strawberry.enum_value("MODEL", description="A model outside, which the operator chose.")
    FALLBACK = strawberry.enum_value("FALLBACK", description="This server, for the model outside failed.")


@strawberry.type(description="Something that was said in a chat.")
class ChatMessage(Node):
    id: strawberry.ID = column("'ChatMessage:' || {t}.id", "The global id.")
    role: ChatRole = column("{t}.role", "Who said it.")
    state: ChatMessageState = column(
        f"case when {{t}}.state = 'WRITING' and {{t}}.changed_at <= now() - {STALE} then 'FAILED' else {{t}}.state end",
        "How far it is.",
    )
    answerer: ChatAnswerer | None = column("{t}.answerer", "What wrote it; null for all but answers.")
    created_at: datetime = column("{t}.created_at", "When it was said, or began to be written.")

    @mapped(
        Python({"id": "{t}.id", "owner": "{t}.user_id", "sealed": "{t}.text_sealed"}, texts),
        "Its text as far as it is written: JSON where its role is TOOL.",
    )
    def text(self) -> str | None: ...

    @mapped(
        Many(
            "chat_messages c cross join lateral unnest(c.movie_ids) with ordinality as named (id, n)"
            " join movies {t} on {t}.id = named.id",
            key="c.id",
            of="{parent}.id",
            order="named.n",
            table="movies",
        ),
        "The movies that it is about, numbered as in its text.",
    )
    def movies(self) -> list[Movie]: ...


@strawberry.type(description="A message in a list.")
class ChatMessageEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(One("chat_messages", of="{parent}.id", where=CHAT_OWN), "The message.")
    def node(self) -> ChatMessage | None: ...


ChatMessageConnection = connection(
    "ChatMessage", ChatMessageEdge, ChatMessage, "Messages, in the order in which they were said."
)


@strawberry.type(description="A chat of a person with the assistant.")
class ChatSession(Node):
    id: strawberry.ID = column("'ChatSession:' || {t}.id", "The global id.")
    may_ask_model: bool = column(
        "{t}.may_ask_model",
        "Whether the person agreed that a model outside reads this chat and answers in it.",
    )
    started_at: datetime = column("{t}.started_at", "When it was started.")

    @mapped(
        Python({"id": "{t}.id"}, conversations),
        "All that both said, as a list of `{role, content}` with the roles `user` and `assistant`.",
    )
    def conversation(self) -> Data | None: ...

    @mapped(
        Page(
            "chat_messages",
            where="{t}.session_id = {parent}.id and {t}.user_id = {viewer}",
            columns=("id",),
            orders={None: (Key("{t}.number", "bigint"),)},
        ),
        "What was said, the first first; `last` has the end of it.",
    )
    def messages(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ChatMessageConnection | None: ...


@strawberry.type(description="A chat in a list.")
class ChatSessionEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(One("chat_sessions", of="{parent}.id", where=CHAT_OWN), "The chat.")
    def node(self) -> ChatSession | None: ...


ChatSessionConnection = connection(
    "ChatSession", ChatSessionEdge, ChatSession, "Chats, the last started first."
)


@strawberry.type(description="What a person talks about with the assistant.")
class Chats:
    @mapped(
        Page(
            "chat_sessions",
            where=CHAT_OWN,
            columns=("id",),
            orders={None: (Key("{t}.number", "bigint", descending=True),)},
        ),
        "Chats with the assistant, the last started first.",
    )
    def chat_sessions(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ChatSessionConnection | None: ...


@strawberry.input(one_of=True, description="Which chat.")
class ChatSessionLookup:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")


@strawberry.type(description="What can be asked about chats.")
class ChatQueries:
    @mapped(
        Lookup(
            "chat_sessions",
            "by",
            {"id": Filter(f"{{t}}.id = {{value}} and {CHAT_OWN}", "uuid", uuid_of("ChatSession"))},
        ),
        "A chat of the viewer's; null when there is none.",
    )
    def chat_session(self, by: ChatSessionLookup) -> ChatSession | None: ...


@strawberry.type(description="An answer as it is written.")
class ChatReply:
    part: str = column("{v_part}", "What was written since this subscription last told of it.")
    is_done: bool = column("{v_is_done:boolean}", "Whether that is all of it.")

    @mapped(One("chat_messages", of="{v_message:uuid}", where=CHAT_OWN), "The answer, with its whole text.")
    def message(self) -> ChatMessage | None: ...


@strawberry.type(description="What can be followed of chats.")
class ChatSubscriptions:
    @mapped(
        Stream(replies, then=One("chat_messages", of="{v_message:uuid}", where=CHAT_OWN)),
        "Answers of a chat of the viewer's, as they are written. With `after`, the id of a message, those to it and to what"
        " came after it come first, whole as far as they are written.",
    )
    async def chat_replies(
        self, session_id: strawberry.ID, after: strawberry.ID | None = None
    ) -> AsyncGenerator[ChatReply, None]:
        yield ChatReply()  # pragma: no cover
