"""E-mail, handed to an SMTP server."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from uuid import UUID

import aiosmtplib

from accounts.names import InvalidEmail, mailbox
from events.notifications import FailureReason
from notifications.outcomes import Failed, Later, Outcome, Sent
from notifications.rendering import Letter


class _Whole(UnstructuredHeader, BaseHeader):
    """A header that is one line whatever policy writes it: folded, a long address would be encoded, and lead nowhere."""

    def fold(self, *, policy: Policy) -> str:
        """Return the line."""
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Whole)
_POLICY = SMTP.clone(max_line_length=900, header_factory=_HEADERS)
_PERMANENT = range(500, 600)
_NO_MAILBOX = re.compile(r"5\.(?:1\.(?:1|2|3|6|10)|2\.1)(?![0-9.])")
"""What RFC 3463 has for an address to which nothing can ever be delivered."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail goes, and whom it is from.

    Without `is_tls` the connection is encrypted where the server offers it, and with a username only if it does. Its word
    on a whole message may take `answer_s`: who gives up before sends again what was taken.
    """

    host: str
    port: int
    is_tls: bool
    username: str | None
    password: str | None = field(repr=False)
    sender: Address
    timeout_s: float = 20.0
    answer_s: float = 180.0


def message_id(notification_id: UUID, server: MailServer) -> str:
    """Return the `Message-ID` of a message: the same at each attempt, so that who gets it twice can tell."""
    return f"<{notification_id.hex}@{server.sender.domain}>"


def compose(
    letter: Letter, to: str, notification_id: UUID, server: MailServer, now: datetime
) -> EmailMessage:
    """Return the whole e-mail. Raises InvalidEmail for what is no address."""
    local, domain = mailbox(to)
    message = EmailMessage(_POLICY)
    message["From"] = server.sender
    message["To"] = Address(username=local, domain=domain)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(notification_id, server)
    if letter.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        if letter.unsubscribe_url.startswith("https:"):  # RFC 8058 knows no other
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


async def send_mail(
    letter: Letter,
    to: str,
    notification_id: UUID,
    server: MailServer,
    now: datetime,
    *,
    on_taken: Callable[[], Awaitable[None]],
) -> Outcome:
    """Hand an e-mail over; every refusal is an outcome. `on_taken` is awaited as soon as the server took it."""
    try:
        message = compose(letter, to, notification_id, server, now)
    except InvalidEmail:
        return Failed(FailureReason.NO_ADDRESS)
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.is_tls,
        # None: where it is offered; a password never goes in the clear
        start_tls=True if server.username and not server.is_tls else None,
        username=server.username,
        password=server.password,
        timeout=server.timeout_s,
    )
    try:
        async with client:
            outcome = await _hand_over(client, message, server)
            if isinstance(outcome, Sent):
                await on_taken()
            return outcome
    # what it says to all messages of ours, until somebody sets it right: none is given up for it at once
    except aiosmtplib.SMTPResponseException as refusal:
        return Later(f"{type(refusal).__name__}: {refusal.code}")
    except (aiosmtplib.SMTPException, OSError) as error:
        return Later(type(error).__name__)


async def _hand_over(client: aiosmtplib.SMTP, message: EmailMessage, server: MailServer) -> Outcome:
    """Return what a server says of this message and its recipient; the rest is raised."""
    try:
        await client.send_message(message, sender=server.sender.addr_spec, timeout=server.answer_s)
    except aiosmtplib.SMTPRecipientsRefused as refusal:
        return _refused(refusal.recipients[0])
    except aiosmtplib.SMTPDataError as refusal:
        return _refused(refusal)
    except aiosmtplib.SMTPNotSupported:  # of an address that is not ASCII
        return Failed(FailureReason.REFUSED)
    return Sent()


def _refused(refusal: aiosmtplib.SMTPResponseException) -> Outcome:
    if refusal.code not in _PERMANENT:
        return Later(f"refused: {refusal.code}")
    is_dead = _NO_MAILBOX.match(refusal.message)
    return Failed(FailureReason.BOUNCED if is_dead else FailureReason.REFUSED)
