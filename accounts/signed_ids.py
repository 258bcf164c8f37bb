"""Ids that a client carries for us, signed so that it can make none of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt

_ALGORITHM = "HS256"
_LONGEST = 512


class SignedIds:
    """Signs ids for one use, and knows them again: `keys` are those of access tokens, the first signs, all verify.

    `audience` names the use: a token of one is nothing to another. A token is good for `ttl` after it was made, for
    ever with None. `clock` gives Unix seconds.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        audience: str,
        *,
        ttl: timedelta | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys, self._signing_key, self._audience = dict(keys), next(iter(keys)), audience
        self._ttl, self._clock = ttl, clock

    def sign(self, id_: UUID, **said: str) -> str:
        """Return the token of an id, which says more about it."""
        claims: dict[str, Any] = {"aud": self._audience, "sub": str(id_), **said}
        if self._ttl is not None:
            claims["exp"] = int(self._clock() + self._ttl.total_seconds())
        headers = {"kid": self._signing_key}
        return jwt.encode(claims, self._keys[self._signing_key], algorithm=_ALGORITHM, headers=headers)

    def read(self, token: str | None) -> UUID | None:
        """Return whose token this is; None for one that is not ours, is for another use, or is no longer good."""
        said = self.claims(token)
        return UUID(said["sub"]) if said else None

    def claims(self, token: str | None) -> Mapping[str, Any] | None:
        """Return what a token says; its `sub` is an id. None as with `read`."""
        if not token or len(token) > _LONGEST:
            return None
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            said: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=self._audience,
                # times are checked against our own clock
                options={
                    "require": ["aud", "sub", *(["exp"] if self._ttl else [])],
                    "strict_aud": True,
                    "verify_exp": False,
                },
            )
            UUID(said["sub"])
            return said if self._ttl is None or int(said["exp"]) > self._clock() else None
        except (jwt.PyJWTError, AttributeError, KeyError, OverflowError, TypeError, ValueError):
            return None
