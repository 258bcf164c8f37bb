"""What a signed-in person carries: an access token that proves itself, a refresh token the database knows."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import jwt
from jwt.types import Options

from accounts.people import Role

CACHED_TOKENS = 10_000
_ALGORITHM = "HS256"
_KEY_BYTES = 32
_CLOCK_SKEW_S = 60
_LONGEST = 4096
_CLAIMS = ["iss", "aud", "exp", "iat", "typ", "sub", "sid", "roles"]
_CHECKS: Options = {
    "require": _CLAIMS,
    "strict_aud": True,
    # times are checked against our own clock
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}
_REFRESH = re.compile(r"([A-Za-z0-9_-]{21}[AQgw])\.[A-Za-z0-9_-]{43}")


class InvalidToken(Exception):
    """An access token that proves nothing; `reason` tells an outlived one from one that we never signed."""

    def __init__(self, reason: Literal["expired", "malformed"]) -> None:
        super().__init__(f"The access token is {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified access token says; the roles are those at its signing, until the next refresh."""

    user_id: UUID
    session_id: UUID
    roles: frozenset[Role]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed access token and its end."""

    text: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`SESSION.SECRET`, both base64url; only `digest` is ever stored."""

    session_id: UUID
    text: str = field(repr=False)

    @classmethod
    def new(cls, session_id: UUID) -> RefreshToken:
        """Mint the next token of a session, with 256 random bits."""
        return cls(session_id, f"{_base64url(session_id.bytes)}.{_base64url(secrets.token_bytes(32))}")

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """Return the token that a text is; None for a text that never was one of ours."""
        match = _REFRESH.fullmatch(text)
        return cls(UUID(bytes=base64.urlsafe_b64decode(match[1] + "==")), text) if match else None

    @property
    def digest(self) -> bytes:
        """SHA-256 of the text: enough, since nobody can guess 256 random bits."""
        return hashlib.sha256(self.text.encode()).digest()


class Tokens:
    """Signs and verifies access tokens, HS256 and nothing else.

    `keys` maps key ids to secrets of at least 32 bytes: the first signs, all verify, so a key is replaced
    by putting the new one before it. `clock` gives Unix seconds. Raises ValueError for no key or a short
    one.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        *,
        issuer: str,
        audience: str,
        access_ttl: timedelta,
        refresh_ttl: timedelta,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not keys or any(len(secret.encode()) < _KEY_BYTES for secret in keys.values()):
            raise ValueError(f"Access tokens need a signing key, and every key at least {_KEY_BYTES} bytes.")
        self.refresh_ttl = refresh_ttl
        self._keys = dict(keys)
        self._signing_key = next(iter(self._keys))
        self._issuer, self._audience = issuer, audience
        self._access_ttl = access_ttl
        self._clock = clock
        self._verified: dict[str, tuple[float, Claims]] = {}

    def sign_access(self, user_id: UUID, session_id: UUID, roles: Iterable[Role]) -> AccessToken:
        """Return a token good for `access_ttl`: no sign-out or change of roles reaches it before its end."""
        now = int(self._clock())
        ends = now + int(self._access_ttl.total_seconds())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "exp": ends,
            "iat": now,
            "typ": "access",
            "sub": str(user_id),
            "sid": str(session_id),
            "roles": sorted(roles),
        }
        headers = {"kid": self._signing_key}
        text = jwt.encode(claims, self._keys[self._signing_key], algorithm=_ALGORITHM, headers=headers)
        return AccessToken(text, datetime.fromtimestamp(ends, UTC))

    def verify_access(self, token: str) -> Claims:
        """Return what the token says; one seen before costs a look-up. Raises InvalidToken."""
        known = self._verified.get(token)
        ends, claims = known or self._read(token)
        if ends <= self._clock():
            self._verified.pop(token, None)
            raise InvalidToken("expired")
        if known is None:
            if len(self._verified) >= CACHED_TOKENS:
                del self._verified[next(iter(self._verified))]
            self._verified[token] = ends, claims
        return claims

    def _read(self, token: str) -> tuple[float, Claims]:
        if len(token) > _LONGEST:
            raise InvalidToken("malformed")
        try:
            return self._decode(token)
        except (jwt.PyJWTError, KeyError, OverflowError, TypeError, ValueError):
            # the library's words may quote the token
            raise InvalidToken("malformed") from None

    def _decode(self, token: str) -> tuple[float, Claims]:
        key = self._keys[jwt.get_unverified_header(token)["kid"]]
        said: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=self._audience,
            issuer=self._issuer,
            options=_CHECKS,
        )
        ends, begins = int(said["exp"]), max(int(said["iat"]), int(said.get("nbf", 0)))
        if said["typ"] != "access" or begins > self._clock() + _CLOCK_SKEW_S:
            raise ValueError
        roles = frozenset(Role(name) for name in said["roles"])
        expires_at = datetime.fromtimestamp(ends, UTC)
        return ends, Claims(UUID(said["sub"]), UUID(str(said["sid"])), roles, expires_at)


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
