"""What providers of e-mail say became of messages: who it is from is proved, and each message it is of is moved forward."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from database.connect import Pool
from events.notifications import (
    OF_ACCOUNTS,
    FailureReason,
    IllegalMove,
    NotificationClicked,
    NotificationDelivered,
    NotificationEvent,
    NotificationFailed,
    NotificationOpened,
)
from notifications.preferences import E_MAILS, set_preferences
from notifications.record import Conn, record_move, whose
from notifications.suppressions import SuppressionReason, is_of_former_address, suppress_address

log = logging.getLogger(__name__)

WINDOW_S = 300
"""How far the time stamp of a generic webhook may be from now."""
SENDGRID_WINDOW_S = 25 * 3600
"""The same for SendGrid, which tries for a day."""
_MESSAGE = re.compile(r"<?([0-9a-f]{32})@")

Said = tuple[str, UUID]
"""What a provider says, in our words, and the message that it is of."""
Headers = Mapping[str, str]

_SENDGRID = {
    "delivered": "delivered",
    "open": "opened",
    "click": "clicked",
    "bounce": "bounced",
    "dropped": "failed",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
}
_WORDS = ("delivered", "opened", "clicked", "failed", "bounced", "complained", "unsubscribed")


class BadWebhook(Exception):
    """This is not signed as the provider signs, is too old, or is not what it sends."""


@dataclass(frozen=True, slots=True)
class SendGrid:
    """SendGrid's event webhook, signed with the key whose public half its settings show: base64 of DER."""

    public_key: ec.EllipticCurvePublicKey
    clock: Callable[[], float] = time.time

    def read(self, headers: Headers, body: bytes) -> Iterator[Said]:
        """Yield what is said. Raises BadWebhook."""
        stamp = headers.get("x-twilio-email-event-webhook-timestamp", "")
        try:
            signature = base64.b64decode(headers.get("x-twilio-email-event-webhook-signature", ""))
            self.public_key.verify(signature, stamp.encode() + body, ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            raise BadWebhook from None
        _require_recent(stamp, self.clock(), SENDGRID_WINDOW_S)
        for each in _listed(body):
            match = _MESSAGE.match(str(each.get("smtp-id", "")))
            word = _sendgrid_word(each)
            if match and word:
                yield word, UUID(match[1])


def _sendgrid_word(said: Mapping[str, Any]) -> str | None:
    """Return an event in our words: one that is turned away for now says nothing of the address.

    What a program opens before the person does, such as Apple's for privacy, says nothing of the person.
    """
    if said.get("sg_machine_open") is True:
        return None
    match str(said.get("event")), said.get("type"), said.get("reason"):
        case "bounce", "blocked", _:
            return "failed"
        case "dropped", _, "Bounced Address":
            return "bounced"
        case event, _, _:
            return _SENDGRID.get(event)


def sendgrid_key(text: str) -> ec.EllipticCurvePublicKey:
    """Return the key that SendGrid's settings show. Raises ValueError."""
    key = load_der_public_key(base64.b64decode(text, validate=True))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("is no key of an elliptic curve")
    return key


@dataclass(frozen=True, slots=True)
class Signed:
    """Any other provider's, brought into our words by a program of the operator's and signed with a shared secret.

    `X-Timestamp` has Unix seconds, `X-Signature` the hexadecimal HMAC-SHA256 of the time stamp, a dot and the body.
    """

    secret: bytes = field(repr=False)
    clock: Callable[[], float] = time.time

    def read(self, headers: Headers, body: bytes) -> Iterator[Said]:
        """Yield what is said. Raises BadWebhook."""
        stamp = headers.get("x-timestamp", "")
        wanted = hmac.digest(self.secret, stamp.encode() + b"." + body, hashlib.sha256).hex()
        if not hmac.compare_digest(wanted.encode(), headers.get("x-signature", "").encode()):
            raise BadWebhook
        _require_recent(stamp, self.clock(), WINDOW_S)
        for each in _listed(body):
            match = _MESSAGE.match(str(each.get("messageId", "")))
            if match and each.get("event") in _WORDS:
                yield str(each["event"]), UUID(match[1])


Provider = SendGrid | Signed

_TRACKS = """
select c.open_tracking and c.is_active, c.click_tracking and c.is_active
  from notification_choices c join notifications n using (user_id)
 where c.user_id = %s and n.notification_id = %s and n.kind <> all (%s)"""


async def take(pool: Pool, said: Iterable[Said]) -> int:
    """Move the messages that a provider tells of, and return how many moved.

    What the person does not let us notice is left out, and so is what cannot be, and messages that we do not know. Who
    unsubscribed or complained gets no e-mails any more, until they choose some; an address that complained or bounced
    none, whatever they choose (see `suppressions`).
    """
    moved = 0
    for word, notification_id in said:
        async with pool.connection() as conn, conn.transaction():
            user_id = await whose(conn, notification_id)
            if user_id is None:
                continue
            if word in ("complained", "unsubscribed"):
                await _end_mails(conn, word, user_id, notification_id)
            elif await _move(conn, word, user_id, notification_id):
                moved += 1
                # said again, it is no news: they may have asked to try the address again
                if word == "bounced":
                    await suppress_address(conn, notification_id, SuppressionReason.BOUNCED)
    return moved


async def _end_mails(conn: Conn, word: str, user_id: UUID, notification_id: UUID) -> None:
    if await is_of_former_address(conn, notification_id):
        return
    await set_preferences(conn, user_id, dict.fromkeys(E_MAILS.values(), False))
    if word == "complained":
        await suppress_address(conn, notification_id, SuppressionReason.COMPLAINED)


async def _move(conn: Conn, word: str, user_id: UUID, notification_id: UUID) -> bool:
    asked = (user_id, notification_id, list(OF_ACCOUNTS))
    opens, clicks = await (await conn.execute(_TRACKS, asked)).fetchone() or (False, False)
    if (word == "opened" and not opens) or (word == "clicked" and not clicks):
        return False
    try:
        return await record_move(conn, _fact(word, user_id, notification_id))
    except IllegalMove:
        log.info("a webhook came too late", extra={"notification": str(notification_id), "event": word})
        return False


def _fact(word: str, user_id: UUID, notification_id: UUID) -> NotificationEvent:
    match word:
        case "delivered":
            return NotificationDelivered(user_id=user_id, notification_id=notification_id)
        case "opened":
            return NotificationOpened(user_id=user_id, notification_id=notification_id)
        case "clicked":
            return NotificationClicked(
                user_id=user_id, notification_id=notification_id, clicked_movie_id=None
            )
        case _:
            return NotificationFailed(
                user_id=user_id, notification_id=notification_id, reason=FailureReason.BOUNCED
            )


def _require_recent(stamp: str, now: float, window_s: int) -> None:
    """Raise BadWebhook for a time stamp, in Unix seconds, that is too far from now: somebody may have kept it."""
    if not re.fullmatch(r"[0-9]{1,12}", stamp) or abs(now - int(stamp)) > window_s:
        raise BadWebhook


def _listed(body: bytes) -> list[dict[str, Any]]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadWebhook from None
    if not isinstance(said, list):
        raise BadWebhook
    return [each for each in said if isinstance(each, dict)]
