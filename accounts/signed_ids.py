"""Ids that a client carries for us, signed so that it can make none of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID

import jwt

_ALGORITHM = "HS256"
_LONGEST = 512


class SignedIds:
    """Signs ids for one use, and knows them again: `keys` are those of access tokens, the first signs, all verify.

    `audience` names the use: a token of one is nothing to another. A token is good for `ttl` after it was made.
    `clock` gives Unix seconds.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        audience: str,
        *,
        ttl: timedelta,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys, self._signing_key, self._audience = dict(keys), next(iter(keys)), audience
        self._ttl_s, self._clock = int(ttl.total_seconds()), clock

    def sign(self, id_: UUID) -> str:
        """Return the token of an id."""
        claims = {"aud": self._audience, "sub": str(id_), "exp": int(self._clock()) + self._ttl_s}
        headers = {"kid": self._signing_key}
        return jwt.encode(claims, self._keys[self._signing_key], algorithm=_ALGORITHM, headers=headers)

    def read(self, token: str | None) -> UUID | None:
        """Return whose token this is; None for one that is not ours, is for another use, or is no longer good."""
        if not token or len(token) > _LONGEST:
            return None
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            said = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=self._audience,
                # times are checked against our own clock
                options={"require": ["aud", "sub", "exp"], "strict_aud": True, "verify_exp": False},
            )
            return UUID(said["sub"]) if int(said["exp"]) > self._clock() else None
        except (jwt.PyJWTError, KeyError, OverflowError, TypeError, ValueError):
            return None
