"""What signs tokens: named and timed as every server does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from accounts.tokens import Tokens


def tokens_signed_with(secrets: Mapping[str, str], *, clock: Callable[[], float] = time.time) -> Tokens:
    """Return what signs with the first of these secrets and verifies with any of them."""
    return Tokens(
        secrets,
        issuer="projectionist",
        audience="projectionist",
        access_ttl=timedelta(minutes=15),
        refresh_ttl=timedelta(days=30),
        clock=clock,
    )
