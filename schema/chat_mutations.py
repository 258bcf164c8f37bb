"""What can be done with chats."""

import strawberry

from assistant import sessions
from resolvers.mapping import One, Run
from schema.chat import CHAT_OWN, ChatMessage, ChatSession
from schema.enums import EventSource
from schema.fields import mapped
from schema.inputs import idempotency_key, source
from schema.payloads import MutationPayload, payload


@strawberry.interface(description="What a mutation about a chat answers with.")
class ChatPayload(MutationPayload):
    @mapped(
        One("chat_sessions", of="{v_session:uuid}", where=CHAT_OWN),
        "The chat, as it stands after the mutation.",
    )
    def session(self) -> ChatSession | None: ...


StartChatPayload = payload("StartChatPayload", "The new chat.", ChatPayload)
AllowChatModelPayload = payload("AllowChatModelPayload", "The chat.", ChatPayload)
DeleteChatSessionPayload = payload("DeleteChatSessionPayload", "Whether it was done.", MutationPayload)


@strawberry.type(description="The message and its answer.")
class SendChatMessagePayload(ChatPayload):
    @mapped(One("chat_messages", of="{v_message:uuid}", where=CHAT_OWN), "The message.")
    def message(self) -> ChatMessage | None: ...

    @mapped(
        One("chat_messages", of="{v_reply:uuid}", where=CHAT_OWN),
        "The answer: whole, or still WRITING where a model outside is asked.",
    )
    def reply(self) -> ChatMessage | None: ...


@strawberry.input(description="A chat to start.")
class StartChatInput:
    may_ask_model: bool = strawberry.field(
        default=False,
        description="Whether a model outside, if the operator has chosen one, may read this chat and answer in it.",
    )
    idempotency_key: str | None = idempotency_key()
    source: EventSource | None = source()


@strawberry.input(description="Whether a model outside may read a chat and answer in it.")
class AllowChatModelInput:
    session_id: strawberry.ID = strawberry.field(description="The chat's global id.")
    may_ask_model: bool = strawberry.field(description="Whether it may, from the next message on.")


@strawberry.input(description="Something to say to the assistant.")
class SendChatMessageInput:
    session_id: strawberry.ID = strawberry.field(description="The chat's global id.")
    text: str = strawberry.field(description="What to say, 4,000 characters at most.")
    idempotency_key: str | None = idempotency_key()
    source: EventSource | None = source()


@strawberry.input(description="A chat to delete.")
class DeleteChatSessionInput:
    session_id: strawberry.ID = strawberry.field(description="The chat's global id.")
    source: EventSource | None = source()


@strawberry.type(description="What can be done with chats.")
class ChatMutations:
    @mapped(Run(sessions.start), "Start a chat with the assistant.")
    def start_chat(self, input: StartChatInput) -> StartChatPayload: ...  # noqa: A002

    @mapped(Run(sessions.allow_model), "Let a model outside read a chat and answer in it, or no longer.")
    def allow_chat_model(self, input: AllowChatModelInput) -> AllowChatModelPayload: ...  # noqa: A002

    @mapped(
        Run(sessions.send),
        "Say something to the assistant. It answers from the catalogue and the recommender, and does what it is told.",
    )
    def send_chat_message(self, input: SendChatMessageInput) -> SendChatMessagePayload: ...  # noqa: A002

    @mapped(Run(sessions.delete), "Delete a chat with all that was said; what was done in it stays done.")
    def delete_chat_session(self, input: DeleteChatSessionInput) -> DeleteChatSessionPayload: ...  # noqa: A002
