"""What a visitor carries who has not signed in: a signed name of their session, which nobody looks up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import jwt

_ALGORITHM = "HS256"
_AUDIENCE = "projectionist visitors"
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Visitor:
    """A session of somebody unknown; `token` is what the client sends from now on."""

    session_id: UUID
    token: str = field(repr=False)


class Visitors:
    """Names sessions, and knows its own names again: `keys` are those of access tokens, the first signs, all verify.

    A token is good for `ttl` after it was made. `clock` gives Unix seconds.
    """

    def __init__(
        self, keys: Mapping[str, str], *, ttl: timedelta, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys, self._signing_key = dict(keys), next(iter(keys))
        self._ttl_s, self._clock = int(ttl.total_seconds()), clock

    def new(self) -> Visitor:
        """Begin a session; its id has 122 random bits."""
        session_id = uuid4()
        claims = {
            "aud": _AUDIENCE,
            "sub": str(session_id),
            "exp": int(self._clock()) + self._ttl_s,
        }
        headers = {"kid": self._signing_key}
        token = jwt.encode(claims, self._keys[self._signing_key], algorithm=_ALGORITHM, headers=headers)
        return Visitor(session_id, token)

    def known(self, token: str | None) -> Visitor | None:
        """Return whose token this is; None for one that is not ours, or no longer good."""
        if not token or len(token) > _LONGEST:
            return None
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            said = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                # times are checked against our own clock
                options={"require": ["aud", "sub", "exp"], "strict_aud": True, "verify_exp": False},
            )
            is_good = int(said["exp"]) > self._clock()
            return Visitor(UUID(said["sub"]), token) if is_good else None
        except (jwt.PyJWTError, KeyError, OverflowError, TypeError, ValueError):
            return None
