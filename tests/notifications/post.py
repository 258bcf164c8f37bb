"""A mail server of the test's own, which refuses and breaks off as it is told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from notifications.mail import MailServer


@dataclass
class Post:
    """What came in; `answers` are given to the next messages: a reply, "lose" to take one and say nothing, "hang"."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    octets: list[bytes] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    answers: deque[str] = field(default_factory=deque)
    at_recipient: deque[str] = field(default_factory=deque)
    at_sender: deque[str] = field(default_factory=deque)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a message is there that nobody answers."""
    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it to break such a connection off, or to answer `late`."""
    late: str = ""

    @property
    def server(self) -> MailServer:
        """How it is reached."""
        return MailServer(
            "127.0.0.1", self.port, False, None, None, Address("Movies", "no-reply", "movies.example")
        )

    async def handle_MAIL(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.at_sender:
            return self.at_sender.popleft()
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if self.at_recipient:
            return self.at_recipient.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.popleft() if self.answers else "250 OK"
        if answer == "hang":
            self.reached.set()
            await self.given_up.wait()
            answer = self.late or answer
        if answer in ("250 OK", "lose"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.messages.append(cast(EmailMessage, message_from_bytes(content, policy=cast(Any, default))))
            self.octets.append(content)
            self.to += envelope.rcpt_tos
        if answer in ("lose", "hang"):
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return answer


@asynccontextmanager
async def post_office() -> AsyncIterator[Post]:
    """Open a mail server."""
    post = Post()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(post, hostname="post.example", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
