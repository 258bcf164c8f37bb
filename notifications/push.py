"""Web push: messages encrypted for one browser (RFC 8291), handed to its push service by a server that signs (RFC 8292)."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import http_ece
import httpx
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from events.notifications import FailureReason
from notifications.outcomes import Failed, Later, Outcome, Sent

SERVICES = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
"""Hosts of the push services of the browsers there are."""
_TTL_S = 24 * 3600
_SIGNED_FOR_S = 12 * 3600
_LOCAL = ("127.0.0.1", "localhost")


class InvalidSubscription(ValueError):
    """This is no subscription of web push, or its push service is none that this server sends to."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser is reached, and what only it can read."""

    endpoint: str
    public_key: bytes = field(repr=False)
    auth: bytes = field(repr=False)

    @classmethod
    def parse(cls, token: str) -> Subscription:
        """Return what `JSON.stringify(subscription)` says in a browser. Raises InvalidSubscription."""
        try:
            said = orjson.loads(token)
            return cls(
                str(said["endpoint"]), _decoded(said["keys"]["p256dh"]), _decoded(said["keys"]["auth"])
            )
        except (KeyError, TypeError, ValueError):
            raise InvalidSubscription from None


@dataclass(frozen=True, slots=True)
class PushSender:
    """Who signs messages (`contact` is a mailto: address), and the hosts that they may go to."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    contact: str
    services: tuple[str, ...] = SERVICES
    timeout_s: float = 20.0
    clock: Callable[[], float] = time.time

    @property
    def public_key(self) -> str:
        """What browsers take as `applicationServerKey`."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return _encoded(point)

    def origin(self, subscription: Subscription) -> str:
        """Return the origin of a push service. Raises InvalidSubscription for one that we do not send to.

        The endpoint is what a client said: a server that believed it would knock at any door of its own network.
        """
        try:
            parts = urlsplit(subscription.endpoint)
            host, is_plain = parts.hostname or "", parts.scheme == "http" and parts.hostname in _LOCAL
            _ = parts.port  # raises ValueError for one that there cannot be
        except ValueError:
            raise InvalidSubscription from None
        if not (parts.scheme == "https" or is_plain) or not any(
            _covers(each, host) for each in self.services
        ):
            raise InvalidSubscription
        return f"{parts.scheme}://{parts.netloc}"

    def headers(self, origin: str) -> dict[str, str]:
        """Return the headers of a message to a push service."""
        claims = {"aud": origin, "exp": int(self.clock()) + _SIGNED_FOR_S, "sub": self.contact}
        signed = jwt.encode(claims, self.key, algorithm="ES256")
        return {
            "authorization": f"vapid t={signed}, k={self.public_key}",
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(_TTL_S),
            "urgency": "low",
        }


def new_key() -> str:
    """Return a new private key: 32 bytes in base64url."""
    return _encoded(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32))


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Return the key that `new_key` wrote. Raises ValueError."""
    secret = _decoded(text)
    if len(secret) != 32:
        raise ValueError("needs 32 bytes in base64url")
    return ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1())


async def send_push(token: str, payload: dict[str, object], sender: PushSender) -> Outcome:
    """Hand a message to the push service of a device; every refusal is an outcome."""
    try:
        subscription = Subscription.parse(token)
        origin = sender.origin(subscription)
        body = http_ece.encrypt(
            orjson.dumps(payload),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=subscription.public_key,
            auth_secret=subscription.auth,
            version="aes128gcm",
        )
    except (ValueError, http_ece.ECEException):
        return Failed(FailureReason.NO_ADDRESS)
    try:
        async with httpx.AsyncClient(timeout=sender.timeout_s) as client:
            answer = await client.post(subscription.endpoint, content=body, headers=sender.headers(origin))
    except httpx.InvalidURL:
        return Failed(FailureReason.NO_ADDRESS)
    except httpx.HTTPError as error:
        return Later(type(error).__name__)
    if answer.is_success:
        return Sent()
    if answer.status_code in (404, 410):
        return Failed(FailureReason.NO_ADDRESS)
    if answer.status_code == 429 or answer.is_server_error:
        return Later(f"refused: {answer.status_code}", _wait(answer))
    return Failed(FailureReason.REFUSED)


def _wait(answer: httpx.Response) -> timedelta:
    """Return how long a push service asks to be left alone, in seconds; a day at most."""
    asked = answer.headers.get("retry-after", "")
    return timedelta(seconds=min(int(asked), _TTL_S)) if re.fullmatch("[0-9]{1,9}", asked) else timedelta()


def _covers(pattern: str, host: str) -> bool:
    return host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError("is not base64url") from None
