"""What a visitor carries who has not signed in: a signed name of their session, which nobody looks up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from accounts.signed_ids import SignedIds


@dataclass(frozen=True, slots=True)
class Visitor:
    """A session of somebody unknown; `token` is what the client sends from now on."""

    session_id: UUID
    token: str = field(repr=False)


class Visitors:
    """Names sessions, and knows its own names again; see SignedIds."""

    def __init__(
        self, keys: Mapping[str, str], *, ttl: timedelta, clock: Callable[[], float] = time.time
    ) -> None:
        self._signed = SignedIds(keys, "projectionist visitors", ttl=ttl, clock=clock)

    def new(self) -> Visitor:
        """Begin a session; its id has 122 random bits."""
        session_id = uuid4()
        return Visitor(session_id, self._signed.sign(session_id))

    def known(self, token: str | None) -> Visitor | None:
        """Return whose token this is; None for one that is not ours, or no longer good."""
        session_id = self._signed.read(token)
        return Visitor(session_id, token) if session_id and token else None
